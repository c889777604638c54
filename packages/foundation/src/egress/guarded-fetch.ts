import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, fetch } from 'undici';
import { EgressError } from './guard.ts';
import { parseAddress, specialPurposeOf } from './special-ranges.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;
const MAX_ADDRESSES = 4;

/** One request of {@link createGuardedFetch}. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | Uint8Array | ArrayBuffer | ReadableStream | null | undefined;
}

/** A fetch for addresses that tenants choose: what it may reach, and how. */
export interface GuardedFetch {
  /** @throws EgressError when the address may not be reached, took too long or sent too much. */
  request(url: string, request: GuardedRequest): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Makes a fetch whose every connection goes to a public address over verified TLS. The address that was checked is the one
 * connected to; redirects are not followed. `allowedHosts` are `host:port` that the operator opens although they are private;
 * they may speak plain HTTP too.
 */
export function createGuardedFetch(allowedHosts: readonly string[]): GuardedFetch {
  const allowed = new Set(allowedHosts.map(host => host.toLowerCase()));
  const open = new Agent({ connect: { timeout: TIMEOUT_MS } });
  const guarded = new Agent({ connect: { timeout: TIMEOUT_MS, lookup: publicLookup } });
  return {
    request: async (url, { method, headers, body }) => {
      const target = new URL(url);
      const isAllowed = allowed.has(hostAndPort(target));
      if (!isAllowed) refuseUnlessPublic(target);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      try {
        const response = await fetch(target, {
          method,
          headers: { ...headers },
          redirect: 'manual',
          signal,
          dispatcher: isAllowed ? open : guarded,
          ...(body ? { body: body instanceof ReadableStream ? await readAll(body) : body } : {}),
        });
        const bytes = await readAll(response.body);
        const isBare = response.status === 204 || response.status === 304;
        return new Response(isBare ? null : bytes, {
          status: response.status,
          headers: [...response.headers.entries()],
        });
      } catch (cause) {
        if (cause instanceof EgressError) throw cause;
        const inner = cause instanceof Error ? cause.cause : undefined;
        if (inner instanceof EgressError) throw inner;
        throw new EgressError(
          signal.aborted ? 'timeout' : 'refused',
          `${target.host} could not be reached.`,
          {
            cause,
          },
        );
      }
    },
    close: async () => {
      await Promise.all([open.destroy(), guarded.destroy()]);
    },
  };
}

function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}

function refuseUnlessPublic(url: URL): void {
  if (url.protocol !== 'https:') throw new EgressError('protocol', `${url.host} is not asked without TLS.`);
  const address = parseAddress(url.hostname.replace(/^\[|\]$/g, ''));
  if (address) refuseSpecial(address.toString());
}

function refuseSpecial(text: string): void {
  const address = parseAddress(text);
  const special = address ? specialPurposeOf(address) : 'no address';
  if (special) throw new EgressError('forbidden-address', `${text} is not reached: ${special}.`);
}

/** Looks a name up and passes public addresses on; one that is not refuses the name. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    try {
      for (const { address } of addresses) refuseSpecial(address);
    } catch (refusal) {
      return callback(refusal instanceof Error ? refusal : new Error('refused'), '', 0);
    }
    const [first] = addresses;
    if (options.all) return callback(null, addresses.slice(0, MAX_ADDRESSES));
    return callback(
      first ? null : new EgressError('unresolvable', hostname),
      first?.address ?? '',
      first?.family ?? 4,
    );
  });
};

async function readAll(
  stream: { getReader(): ReadableStreamDefaultReader<Uint8Array> } | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = stream?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > MAX_BYTES) throw new EgressError('limit', `The answer is over ${MAX_BYTES} bytes.`);
    parts.push(part.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
