import type { DslValue } from '../dsl/values.ts';
import type { HttpClient } from '../http/client.ts';
import type { Header } from '../http/response-parser.ts';
import type { Transport } from '../http/transport.ts';
import type { MatchingPool } from '../match/matching-pool.ts';
import type { OastSession } from '../oast/session.ts';
import type { DnsResolver } from '../protocols/dns-client.ts';
import type { Attack } from '../template/model.ts';
import type { HostErrors } from './host-errors.ts';
import type { LoopShare } from './loop-share.ts';
import type { HostRateLimiter, RateLimiter } from './rate-limiter.ts';
import type { CheckResult } from './result.ts';

/** Settings of a scan that shape requests. */
export interface ScanSettings {
  /** Milliseconds to connect; a whole exchange gets three times as long. */
  readonly timeoutMs: number;
  /** Further attempts after a network error. */
  readonly retries: number;
  readonly maxRedirects: number;
  /** Replaces what templates say: follow none, any, or those on the same host. */
  readonly redirects: 'none' | 'any' | 'host' | undefined;
  readonly headers: readonly Header[];
  /** User-Agent of requests that name none; a browser's, another one each time, when undefined. */
  readonly userAgent: string | undefined;
  readonly variables: ReadonlyMap<string, DslValue>;
  readonly sni: string | undefined;
  readonly attack: Attack | undefined;
  /** Bytes of a body that are read. */
  readonly maxBody: number;
  /** Bytes of request and response kept in a result. */
  readonly maxSaved: number;
  readonly payloadConcurrency: number;
  /** Most payload sets of one block. */
  readonly maxPayloadSets: number;
  /** Distinct templates that may match one host before its matches are held to be a trap. 0 = no limit. */
  readonly honeypotThreshold: number;
  readonly omitsRaw: boolean;
  /** Reports what did not match, too, with `matcher-status` false. */
  readonly reportsFailures: boolean;
}

/** Counters of a scan. */
export interface ScanCounters {
  requests: number;
  errors: number;
  matches: number;
  /** Templates that were not sent because a variable had no value. */
  unresolved: number;
}

/** What every run of a template shares. */
export interface ScanServices {
  readonly settings: ScanSettings;
  readonly transport: Transport;
  readonly client: HttpClient;
  readonly dns: DnsResolver;
  readonly rate: RateLimiter;
  readonly hostRate: HostRateLimiter;
  readonly hostErrors: HostErrors;
  readonly oast: OastSession | undefined;
  readonly counters: ScanCounters;
  /** Matches large answers on other threads. */
  readonly matching: MatchingPool;
  /** Keeps matching from holding the event loop. */
  readonly loop: LoopShare;
  /** `host:port` keys that answered plain HTTP with a request for TLS. */
  readonly tlsUpgrades: Set<string>;
  readonly emit: (result: CheckResult) => void;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal | undefined;
}
