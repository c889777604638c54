import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** What a connection is to be. */
export interface ConnectOptions {
  /** Speak TLS. */
  readonly isTls: boolean;
  /** Server name sent in the TLS hello; the host when absent and not an address. */
  readonly sni?: string;
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  /** Refuse a certificate that the system does not trust; targets are looked at whatever theirs says. */
  readonly isVerified?: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Opens connections. The only way by which the engine reaches a network. */
export interface Transport {
  /** Resolves when the connection (and TLS) stands; rejects with the reason. */
  readonly connect: (host: string, port: number, options: ConnectOptions) => Promise<Duplex>;
  /** Waits until one more request may go over a connection that is open already; rejects when it may not. */
  readonly reuse?: (host: string, port: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** The remote address of a connection, '' when it is not known. */
export function remoteAddressOf(stream: Duplex): string {
  return 'remoteAddress' in stream && typeof stream.remoteAddress === 'string'
    ? stream.remoteAddress.replace(/^::ffff:/, '')
    : '';
}

function connectSocket(host: string, port: number, options: ConnectOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const sni = options.sni ?? (isIP(host) === 0 ? host : undefined);
    const socket = options.isTls
      ? connectTls({
          host,
          port,
          rejectUnauthorized: options.isVerified === true,
          minVersion: options.minVersion ?? 'TLSv1',
          ciphers: options.ciphers ?? 'DEFAULT:@SECLEVEL=0',
          ...(sni === undefined ? {} : { servername: sni }),
          ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
        })
      : connectTcp({ host, port, noDelay: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new Error('stopped'));
    const timer = setTimeout(
      () => fail(new Error(`no connection to ${host}:${port} within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    options.signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once(options.isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.removeListener('error', fail);
      resolve(socket);
    });
    if (options.signal?.aborted === true) onAbort();
  });
}

/** Connects with the system's sockets, without certificate checks and from TLS 1.0 on. */
export const socketTransport: Transport = { connect: connectSocket };
