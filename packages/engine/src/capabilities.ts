import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate } from 'node:tls';
import type {
  DnsAnswer,
  DnsRecord,
  HttpRequest,
  HttpResponse,
  Logger,
  RecordType,
  ResolvedName,
} from '@glacis/foundation';

export type { DnsAnswer, DnsRecord, HttpRequest, HttpResponse, RecordType };

/** What a zone answers for names that do not exist. */
export interface WildcardAnswer {
  readonly addresses: ReadonlySet<string>;
  /** First alias of each answer. */
  readonly aliases: ReadonlySet<string>;
  /** True when every probe brought new addresses: then the sets say nothing, and no name of the zone is believed by its address. */
  readonly isUnstable: boolean;
}

/** Asks DNS, through the resolvers of the scan’s network. Rejects with EgressError. */
export interface DnsCapability {
  /** Asks the configured resolvers, follows nothing; retries with TCP on truncation and with other resolvers on failure. */
  query(name: string, type: RecordType): Promise<DnsAnswer>;
  /** A and AAAA with the CNAME chain followed; `chain` lists the targets in order, `status` is that of the last name. */
  resolve(name: string): Promise<ResolvedName>;
  /** What the zone answers for names that do not exist, or undefined when it has no wildcard. Cached per parent name. */
  wildcard(parent: string): Promise<WildcardAnswer | undefined>;
  /** Asks one name server for the whole zone. Rejects with EgressError when refused or out of scope. */
  transfer(zone: string, nameServer: string): Promise<readonly DnsRecord[]>;
}

/** A TCP connection with bounded reads; closed by the engine at the end of the job at the latest. */
export interface TcpConnection {
  readonly remoteAddress: string;
  write(bytes: Uint8Array | string): Promise<void>;
  /** Reads until `until` matches, `maxBytes` came, the peer closed or `timeoutMs` passed; never rejects for those. */
  read(options: {
    maxBytes: number;
    timeoutMs: number;
    until?: (received: Buffer) => boolean;
  }): Promise<Buffer>;
  close(): void;
}

/** Opens TCP connections to addresses and names in scope. Rejects with EgressError. */
export interface TcpCapability {
  /** Whether something accepts at address:port: `open`, `closed` (reset) or `filtered` (no answer in time). */
  probe(address: string, port: number, timeoutMs: number): Promise<'open' | 'closed' | 'filtered'>;
  connect(host: string, port: number, timeoutMs: number): Promise<TcpConnection>;
}

/** What a TLS handshake showed; the chain is not verified by the connection but reported. */
export interface TlsResult {
  readonly protocol: string;
  readonly cipher: string;
  readonly certificate: DetailedPeerCertificate;
  /** DER chain as sent, leaf first. */
  readonly chain: readonly Buffer[];
  readonly remoteAddress: string;
}

/** Looks at TLS endpoints in scope. */
export interface TlsCapability {
  /** Handshakes with SNI `serverName`; rejects with EgressError when there is no TLS. */
  inspect(options: {
    host: string;
    port: number;
    serverName?: string;
    timeoutMs: number;
  }): Promise<TlsResult>;
}

/** Opens byte streams for scanners that bring a protocol engine of their own. */
export interface StreamCapability {
  /** Says who is asking, for scanners that write HTTP themselves. */
  readonly userAgent: string;
  /**
   * Connects, and with `tls` shakes hands without verifying the certificate; takes one of the address's budget. The caller
   * bounds what it reads, and listens for errors from the moment it gets the stream. Rejects with EgressError.
   */
  open(options: {
    host: string;
    port: number;
    timeoutMs: number;
    tls?: { serverName?: string };
  }): Promise<Duplex>;
  /** Waits for the budget of one more request over a stream that is open already. Rejects with EgressError. */
  admit(host: string): Promise<void>;
}

/** Sends HTTP requests with bounded answers. */
export interface HttpCapability {
  /** Sends one request; certificates are not verified (tls-inspect reports on them). Rejects with EgressError. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** The same for a third-party service named by configuration (such as a CT search), outside the scan's scope. */
  service(request: HttpRequest): Promise<HttpResponse>;
}

/** Looks at pages with a real browser. */
export interface BrowserCapability {
  /** Takes a screenshot in a fresh browser whose only way out is the egress guard. Rejects with EgressError. */
  screenshot(
    url: string,
    options: { width: number; height: number; timeoutMs: number },
  ): Promise<{ bytes: Uint8Array; title: string; status: number }>;
}

/** What a scanner can do to the world; each one enforces scope, budget, limits and cancellation by itself. */
export interface Capabilities {
  readonly dns: DnsCapability;
  readonly tcp: TcpCapability;
  readonly tls: TlsCapability;
  readonly http: HttpCapability;
  readonly stream: StreamCapability;
  readonly browser: BrowserCapability;
  readonly log: Logger;
  /** Addresses of look-up services, from configuration. */
  readonly services: {
    /** Where certificates of a domain are searched; undefined when nobody may be asked about it. */
    readonly ctSearchOf: (domain: string) => string | undefined;
  };
  /** What whoever runs the platform has put into it. */
  readonly installation: {
    /** Folder of templates of checks; it need not exist. */
    readonly templateFolder?: string;
  };
}
