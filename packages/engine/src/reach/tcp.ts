import { egressErrorOf, EgressError, parseHost, type Egress } from '@glacis/foundation';
import type { Socket } from 'node:net';
import type { TcpCapability, TcpConnection, TlsCapability, TlsResult } from '../capabilities.ts';

/** Most bytes kept of what a peer sends while nobody reads. */
const MAX_UNREAD_BYTES = 256 * 1024;
const MAX_CHAIN = 10;

/** Builds the TCP capability of one job. */
export function createTcpCapability(egress: Egress): TcpCapability {
  return {
    async probe(address, port, timeoutMs) {
      try {
        (await egress.connect({ host: address, port, timeoutMs })).destroy();
        return 'open';
      } catch (error) {
        const failure = egressErrorOf(error);
        if (failure.code === 'refused' || failure.code === 'reset') return 'closed';
        if (failure.code === 'timeout') return 'filtered';
        throw failure;
      }
    },
    async connect(host, port, timeoutMs) {
      return wrap(await egress.connect({ host, port, timeoutMs }));
    },
  };
}

/** Builds the TLS capability of one job. */
export function createTlsCapability(egress: Egress): TlsCapability {
  return {
    async inspect({ host, port, serverName, timeoutMs }) {
      const parsed = parseHost(serverName ?? host);
      const name = parsed?.kind === 'name' ? { serverName: parsed.value } : {};
      const socket = await egress.connectTls({ host, port, timeoutMs, tls: name });
      try {
        const certificate = socket.getPeerCertificate(true);
        if (!certificate?.raw) throw new EgressError('protocol', 'The peer sent no certificate.');
        const chain: Buffer[] = [];
        let current: typeof certificate | undefined = certificate;
        const seen = new Set<string>();
        while (current?.raw && chain.length < MAX_CHAIN && !seen.has(current.fingerprint256)) {
          chain.push(current.raw);
          seen.add(current.fingerprint256);
          current = current.issuerCertificate;
        }
        return {
          protocol: socket.getProtocol() ?? 'unknown',
          cipher: socket.getCipher().name,
          certificate,
          chain,
          remoteAddress: socket.remoteAddress ?? '',
        } satisfies TlsResult;
      } finally {
        socket.destroy();
      }
    },
  };
}

function wrap(socket: Socket): TcpConnection {
  let received = Buffer.alloc(0) as Buffer;
  let isEnded = false;
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > MAX_UNREAD_BYTES) socket.pause();
    wake();
  });
  const end = () => {
    isEnded = true;
    wake();
  };
  socket.once('end', end);
  socket.once('close', end);
  return {
    remoteAddress: socket.remoteAddress ?? '',
    write(bytes) {
      return new Promise((resolve, reject) => {
        socket.write(bytes, error => (error ? reject(egressErrorOf(error)) : resolve()));
      });
    },
    async read({ maxBytes, timeoutMs, until }) {
      const limit = Math.min(maxBytes, MAX_UNREAD_BYTES);
      const deadline = performance.now() + timeoutMs;
      const isDone = () => isEnded || received.length >= limit || (until?.(received) ?? received.length > 0);
      while (!isDone()) {
        const leftMs = deadline - performance.now();
        if (leftMs <= 0) break;
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, leftMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const bytes = received.subarray(0, limit);
      received = received.subarray(bytes.length);
      if (socket.isPaused()) socket.resume();
      return Buffer.from(bytes);
    },
    close: () => void socket.destroy(),
  };
}
