import { Socket, type LookupFunction } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { EgressError } from './guard.ts';

const CODES: Readonly<Record<string, 'refused' | 'timeout' | 'reset'>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EADDRNOTAVAIL: 'refused',
  EACCES: 'refused',
  EPERM: 'refused',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
};

/** Puts what Node threw about a socket into the guard's terms. */
export function egressErrorOf(thrown: unknown): EgressError {
  if (thrown instanceof EgressError) return thrown;
  const cause = thrown instanceof Error && thrown.cause instanceof EgressError ? thrown.cause : undefined;
  if (cause) return cause;
  const code =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EgressError(CODES[code] ?? 'protocol', `${code ? `${code}: ` : ''}${message}`.slice(0, 300), {
    cause: thrown,
  });
}

/** Opens TCP to an address literal. The caller has checked the address: nothing is looked up here. */
export function openSocket(options: {
  address: string;
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<Socket> {
  const { address, port, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new EgressError('cancelled', 'The scan was cancelled.'));
      return;
    }
    const socket = new Socket();
    const onAbort = () => socket.destroy(new EgressError('cancelled', 'The scan was cancelled.'));
    const timer = setTimeout(
      () => socket.destroy(new EgressError('timeout', `No connection within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
    socket.on('error', error => reject(egressErrorOf(error)));
    socket.setNoDelay(true);
    socket.connect({ host: address, port, lookup: refuseLookup }, () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

/** `host` is always an address literal; should it ever not be, this keeps the system resolver out. */
function refuseLookup(hostname: string, _options: unknown, callback: Parameters<LookupFunction>[2]): void {
  callback(new EgressError('unresolvable', `${hostname} was to be looked up a second time.`), '');
}

/** What a TLS handshake needs beside the socket. */
export interface TlsOptions {
  /** Name for SNI; left out for addresses. */
  readonly serverName?: string;
  readonly timeoutMs: number;
  readonly alpn?: readonly string[];
  /** True only for configured services: targets' certificates are reported on, not relied on. */
  readonly isVerified?: boolean;
}

let lenient: SecureContext | undefined;

/** One context for all targets: making one costs more than the handshake's share of our own, in time and in memory. */
function lenientContext(): SecureContext {
  lenient ??= createSecureContext({ minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' });
  return lenient;
}

/**
 * Handshakes over an open socket with everything from TLS 1.0 and weak ciphers on, since old servers are what a scan looks
 * for. The socket is destroyed when the handshake fails. @throws EgressError `protocol` when the peer does not speak TLS.
 */
export function startTls(socket: Socket, options: TlsOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { serverName, timeoutMs, alpn, isVerified = false } = options;
    const fail = (error: unknown) => {
      clearTimeout(timer);
      socket.destroy();
      reject(egressErrorOf(error));
    };
    const timer = setTimeout(
      () => fail(new EgressError('timeout', `No TLS handshake within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    const tls = connectTls({
      socket,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
      rejectUnauthorized: isVerified,
      ...(isVerified ? {} : { secureContext: lenientContext() }),
    });
    tls.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(tls);
    });
    tls.on('error', fail);
    tls.once('close', () =>
      fail(new EgressError('reset', 'The peer closed the connection during the handshake.')),
    );
  });
}
