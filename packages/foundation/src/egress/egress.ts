import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../log.ts';
import { PUBLIC_CT_SEARCH_URL, type NetworkProfile } from '../network-profile.ts';
import { DnsClient } from './dns-client.ts';
import type { AddressBudget, EgressErrorCode, ScopeRules } from './guard.ts';
import { EgressError } from './guard.ts';
import { createScope, parseHost, type Scope, type Verdict } from './scope.ts';
import { egressErrorOf, openSocket, startTls, type TlsOptions } from './sockets.ts';
import { canonicalAddress } from './special-ranges.ts';

/** Most sockets that one job may have open. */
const MAX_SOCKETS = 512;
/** Addresses of one name that are tried before giving up. */
const MAX_ADDRESSES_TRIED = 4;
/** How long a name's addresses are reused for further connections of the job, ms. */
const NAME_MEMORY_MS = 20_000;
const MAX_NAMES_REMEMBERED = 5000;

/** What the guard has decided so far. */
export interface EgressDecisions {
  readonly allowed: number;
  readonly refused: Readonly<Partial<Record<EgressErrorCode, number>>>;
}

/** Where a connection is to go: a host name or an address, never both. */
export interface EgressTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** True when the caller has already taken this connection's share of the address budget. */
  readonly isPaid?: boolean;
}

/** The way out for one job. Everything it opened is destroyed when the signal aborts or on `close`. */
export interface Egress {
  readonly scope: Scope;
  readonly signal: AbortSignal;
  /** Questions to the configured resolvers, which are outside the scope and cannot be chosen by scanners. */
  readonly dns: DnsClient;
  readonly decisions: EgressDecisions;
  /** Whether a host name or address may be contacted, as far as is known without looking the name up. */
  verdict(hostOrAddress: string): Verdict;
  /** Addresses of a host that may be contacted. @throws EgressError when there is none. */
  addressesOf(host: string): Promise<readonly string[]>;
  /** Waits for the budget of the address. */
  take(address: string, count: number): Promise<void>;
  /** Connects to a target in scope; the address that was checked is the address connected to. @throws EgressError */
  connect(target: EgressTarget): Promise<Socket>;
  /** The same with a TLS handshake, certificates not verified. @throws EgressError */
  connectTls(
    target: EgressTarget & { tls: Omit<TlsOptions, 'timeoutMs' | 'isVerified'> },
  ): Promise<TLSSocket>;
  /** Connects to a configured look-up service; anything but one of their origins is refused. @throws EgressError */
  connectService(url: URL, timeoutMs: number): Promise<Socket>;
  close(): void;
}

/** What `createEgress` needs. */
export interface EgressOptions {
  readonly scope: ScopeRules;
  readonly budget: AddressBudget;
  readonly profile: NetworkProfile;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Addresses of the job's own assets, which dispatch found to be in scope. */
  readonly grantedAddresses?: readonly string[];
}

/** Opens the guard for one job. @throws UserError `scope.invalid` when the rules cannot be read. */
export function createEgress(options: EgressOptions): Egress {
  return new GuardedEgress(options);
}

class GuardedEgress implements Egress {
  readonly scope: Scope;
  readonly signal: AbortSignal;
  readonly dns: DnsClient;
  readonly #budget: AddressBudget;
  readonly #log: Logger;
  readonly #granted: Set<string>;
  readonly #serviceOrigins: ReadonlySet<string>;
  readonly #closing = new AbortController();
  readonly #names = new Map<string, { addresses: Promise<readonly string[]>; untilMs: number }>();
  readonly #refused: Partial<Record<EgressErrorCode, number>> = {};
  readonly #onAbort = () => this.close();
  #allowed = 0;
  #openSockets = 0;

  constructor({ scope, budget, profile, signal, log, grantedAddresses = [] }: EgressOptions) {
    this.scope = createScope(scope);
    this.signal = this.#closing.signal;
    this.dns = new DnsClient(profile.resolvers, this.signal);
    this.#budget = budget;
    this.#log = log;
    this.#granted = new Set(grantedAddresses.map(text => canonicalAddress(text) ?? text));
    this.#serviceOrigins = new Set([new URL(profile.ctSearchUrl ?? PUBLIC_CT_SEARCH_URL).origin]);
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#closing.signal.addEventListener('abort', () => signal.removeEventListener('abort', this.#onAbort), {
      once: true,
    });
  }

  get decisions(): EgressDecisions {
    return { allowed: this.#allowed, refused: { ...this.#refused } };
  }

  verdict(hostOrAddress: string): Verdict {
    const host = parseHost(hostOrAddress);
    if (!host)
      return {
        isAllowed: false,
        code: 'out-of-scope',
        reason: `${hostOrAddress.slice(0, 80)} is neither a host name nor an address`,
      };
    if (host.kind === 'name') return this.scope.name(host.value);
    return this.#granted.has(host.value) ? this.scope.reachable(host.value) : this.scope.network(host.value);
  }

  async addressesOf(hostOrAddress: string): Promise<readonly string[]> {
    this.#demand(this.verdict(hostOrAddress));
    const host = parseHost(hostOrAddress);
    if (!host) return [];
    if (host.kind === 'address') return [host.value];
    return this.#remembered(host.value);
  }

  #remembered(name: string): Promise<readonly string[]> {
    const now = performance.now();
    const known = this.#names.get(name);
    if (known && known.untilMs > now) return known.addresses;
    if (this.#names.size >= MAX_NAMES_REMEMBERED) this.#names.clear();
    const addresses = this.#lookUp(name);
    this.#names.set(name, { addresses, untilMs: now + NAME_MEMORY_MS });
    addresses.catch(() => this.#names.delete(name));
    return addresses;
  }

  async #lookUp(name: string): Promise<readonly string[]> {
    const { status, addresses } = await this.dns.resolve(name);
    if (addresses.length === 0)
      throw this.#refusal(new EgressError('unresolvable', `${name} has no address (${status}).`));
    const verdicts = addresses.map(address => ({ address, verdict: this.scope.reachable(address) }));
    const reachable = verdicts.filter(({ verdict }) => verdict.isAllowed).map(({ address }) => address);
    const [first] = verdicts;
    if (reachable.length === 0 && first) this.#demand(first.verdict, `${name}: `);
    for (const address of reachable) this.#granted.add(address);
    return reachable;
  }

  take(address: string, count: number): Promise<void> {
    return this.#budget.take(address, count, this.signal);
  }

  async connect({ host, port, timeoutMs, isPaid = false }: EgressTarget): Promise<Socket> {
    const addresses = await this.addressesOf(host);
    let failure = new EgressError('unresolvable', `${host} has no address.`);
    for (const address of addresses.slice(0, MAX_ADDRESSES_TRIED)) {
      if (!isPaid) await this.take(address, 1);
      try {
        return await this.#open(address, port, timeoutMs);
      } catch (error) {
        failure = egressErrorOf(error);
        if (failure.code === 'cancelled' || failure.code === 'limit') break;
      }
    }
    throw failure;
  }

  async connectTls({
    tls,
    ...target
  }: EgressTarget & { tls: Omit<TlsOptions, 'timeoutMs' | 'isVerified'> }): Promise<TLSSocket> {
    const socket = await this.connect(target);
    return startTls(socket, { ...tls, timeoutMs: target.timeoutMs });
  }

  async connectService(url: URL, timeoutMs: number): Promise<Socket> {
    if (!this.#serviceOrigins.has(url.origin))
      throw this.#refusal(
        new EgressError('out-of-scope', `${url.origin} is not a service named by the configuration.`),
      );
    const host = parseHost(url.hostname);
    if (!host) throw new EgressError('unresolvable', `${url.hostname} is no host.`);
    const addresses = host.kind === 'address' ? [host.value] : (await this.dns.resolve(host.value)).addresses;
    const [address] = addresses;
    if (address === undefined) throw new EgressError('unresolvable', `${host.value} has no address.`);
    const isTls = url.protocol === 'https:';
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
    const socket = await this.#open(address, port, timeoutMs);
    if (!isTls) return socket;
    return startTls(socket, {
      timeoutMs,
      isVerified: true,
      ...(host.kind === 'name' ? { serverName: host.value } : {}),
    });
  }

  async #open(address: string, port: number, timeoutMs: number): Promise<Socket> {
    if (this.#openSockets >= MAX_SOCKETS)
      throw this.#refusal(new EgressError('limit', `More than ${MAX_SOCKETS} sockets are open.`));
    this.#openSockets += 1;
    this.#allowed += 1;
    try {
      const socket = await openSocket({ address, port, timeoutMs, signal: this.signal });
      socket.once('close', () => {
        this.#openSockets -= 1;
      });
      return socket;
    } catch (error) {
      this.#openSockets -= 1;
      throw error;
    }
  }

  #demand(verdict: Verdict, context = ''): void {
    if (!verdict.isAllowed)
      throw this.#refusal(new EgressError(verdict.code, `${context}${verdict.reason}.`));
  }

  #refusal(error: EgressError): EgressError {
    this.#refused[error.code] = (this.#refused[error.code] ?? 0) + 1;
    this.#log.debug({ code: error.code, reason: error.message }, 'egress refused');
    return error;
  }

  close(): void {
    this.#closing.abort();
  }
}
