import { getServers } from 'node:dns';
import { DnsSockets, type ResolverAddress } from './dns-sockets.ts';
import { exchangeOverTcp } from './dns-tcp.ts';
import type { DnsMessage, DnsRecord, RecordType } from './dns-wire.ts';
import { EgressError } from './guard.ts';
import { canonicalHostName } from './scope.ts';
import { parseAddress } from './special-ranges.ts';

/** Answer of a resolver: `nxdomain` and `nodata` are facts, `failed` means that nothing is known. */
export interface DnsAnswer {
  readonly status: 'ok' | 'nodata' | 'nxdomain' | 'failed';
  readonly records: readonly DnsRecord[];
  readonly detail?: string;
}

/** Addresses of a name with the aliases that led to them; `status` is that of the last name of the chain. */
export interface ResolvedName {
  readonly status: DnsAnswer['status'];
  /** Sorted, canonical. */
  readonly addresses: readonly string[];
  readonly chain: readonly string[];
}

/** Longest alias chain that is followed. */
const MAX_ALIASES = 10;
/** How long each attempt waits, ms: patient in the end, since a lost answer would be a lost host. */
const ATTEMPT_TIMEOUTS_MS = [1000, 1500, 2500, 4000];
/**
 * When so many exchanges in a row, over so long a time, brought no answer at all, the resolvers count as dead, and each
 * question gets one attempt.
 */
const DEAD_AFTER = { exchanges: 40, ms: 15_000 };
/** Queries in flight per resolver; more wait in line. */
const MAX_IN_FLIGHT = 256;

/** Reads `address`, `address:port` or `[v6]:port`; undefined when it is none of them. */
export function parseResolver(text: string): ResolverAddress | undefined {
  const bare = parseAddress(text);
  const match = bare ? undefined : /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})$/.exec(text);
  const address = bare ?? parseAddress(match?.[1] ?? match?.[2] ?? '');
  const port = Number(match?.[3] ?? 53);
  if (!address || port < 1 || port > 65535) return undefined;
  return { address: address.toString(), port, family: address.kind() === 'ipv4' ? 4 : 6 };
}

class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #head = 0;
  constructor(size: number) {
    this.#free = size;
  }
  async enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>(resolve => this.#waiting.push(resolve));
  }
  leave(): void {
    const next = this.#waiting[this.#head];
    if (!next) {
      this.#free += 1;
      return;
    }
    this.#head += 1;
    if (this.#head > 10_000) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    next();
  }
}

/**
 * Asks resolvers over UDP, over TCP when the answer was cut, and the next resolver when one fails or stays silent.
 * Resolvers are set by configuration alone; nothing a scanner says changes where the packets go.
 */
export class DnsClient {
  readonly #resolvers: readonly ResolverAddress[];
  readonly #gates: readonly Gate[];
  readonly #sockets = new DnsSockets();
  readonly #signal: AbortSignal;
  #turn = 0;
  #silent = 0;
  #heardAtMs = performance.now();

  /** @param resolvers as in a network profile; empty for the system's. @throws EgressError `protocol` for one that cannot be read. */
  constructor(resolvers: readonly string[], signal: AbortSignal) {
    const texts = resolvers.length > 0 ? resolvers : getServers();
    this.#resolvers = texts.map(text => {
      const resolver = parseResolver(text);
      if (!resolver)
        throw new EgressError('protocol', `“${text}” is no resolver: write an address or address:port.`);
      return resolver;
    });
    this.#gates = this.#resolvers.map(() => new Gate(MAX_IN_FLIGHT));
    this.#signal = signal;
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  readonly #onAbort = () => this.close();

  /** One question. Never rejects but for cancellation; what went wrong is in the answer. */
  async query(name: string, type: RecordType): Promise<DnsAnswer> {
    const host = canonicalHostName(name);
    if (host === undefined) return { status: 'failed', records: [], detail: 'not a DNS name' };
    if (this.#resolvers.length === 0)
      return { status: 'failed', records: [], detail: 'no resolver is configured' };
    let detail = 'no answer';
    for (const timeoutMs of ATTEMPT_TIMEOUTS_MS) {
      const message = await this.#ask(host, type, timeoutMs);
      if (this.#signal.aborted) throw new EgressError('cancelled', 'The scan was cancelled.');
      this.#note(message !== undefined);
      if (!message && this.#isDead()) break;
      if (!message) continue;
      if (message.rcode === 'NOERROR' || message.rcode === 'NXDOMAIN') return answerOf(message);
      detail = `resolver said ${message.rcode}`;
    }
    return { status: 'failed', records: [], detail };
  }

  #note(isHeard: boolean): void {
    this.#silent = isHeard ? 0 : this.#silent + 1;
    if (isHeard) this.#heardAtMs = performance.now();
  }

  #isDead(): boolean {
    const isLong = performance.now() - this.#heardAtMs > DEAD_AFTER.ms;
    return isLong && this.#silent > DEAD_AFTER.exchanges;
  }

  async #ask(name: string, type: RecordType, timeoutMs: number): Promise<DnsMessage | undefined> {
    this.#turn = (this.#turn + 1) % this.#resolvers.length;
    const resolver = this.#resolvers[this.#turn];
    const gate = this.#gates[this.#turn];
    if (!resolver || !gate) return undefined;
    await gate.enter();
    try {
      const message = await this.#sockets.exchange(resolver, name, type, timeoutMs);
      if (!message?.isTruncated) return message;
      return await exchangeOverTcp(resolver, name, type, this.#signal);
    } finally {
      gate.leave();
    }
  }

  /** A and AAAA of a name, aliases followed, also when a resolver returns only the first alias. */
  async resolve(name: string): Promise<ResolvedName> {
    const [v4, v6] = await Promise.all([this.#follow(name, 'A'), this.#follow(name, 'AAAA')]);
    const addresses = [...new Set([...v4.addresses, ...v6.addresses])].sort();
    const chain = v4.chain.length >= v6.chain.length ? v4.chain : v6.chain;
    if (addresses.length > 0) return { status: 'ok', addresses, chain };
    const statuses = new Set([v4.status, v6.status]);
    const status = (['failed', 'nodata', 'nxdomain'] as const).find(each => statuses.has(each));
    return { status: status ?? 'nodata', addresses, chain };
  }

  async #follow(name: string, type: 'A' | 'AAAA'): Promise<ResolvedName> {
    let current = canonicalHostName(name) ?? name;
    const chain: string[] = [];
    for (;;) {
      const answer = await this.query(current, type);
      const aliases = new Map(
        answer.records
          .filter(record => record.type === 'CNAME')
          .map(record => [record.name, record.value] as const),
      );
      const before = chain.length;
      for (let next = aliases.get(current); next !== undefined; next = aliases.get(current)) {
        if (chain.length >= MAX_ALIASES || chain.includes(next))
          return { status: 'failed', addresses: [], chain };
        chain.push(next);
        current = next;
      }
      const addresses = answer.records.filter(record => record.type === type && record.name === current);
      if (addresses.length > 0)
        return { status: 'ok', addresses: addresses.map(record => record.value), chain };
      // A chain that grew without an address: the resolver left the rest to us, or the target does not exist.
      const isOpenEnd = chain.length > before && answer.status !== 'nxdomain';
      if (!isOpenEnd)
        return { status: answer.status === 'ok' ? 'nodata' : answer.status, addresses: [], chain };
    }
  }

  /** Closes the sockets; pending questions fail. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#sockets.close();
  }
}

function answerOf(message: DnsMessage): DnsAnswer {
  if (message.rcode === 'NXDOMAIN') return { status: 'nxdomain', records: message.answers };
  const { answers } = message;
  return { status: answers.length > 0 ? 'ok' : 'nodata', records: answers };
}
