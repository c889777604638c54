import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Connections that wait in the kernel; enough for a scanner that opens a thousand at once. */
const BACKLOG = 1024;
/** How many listeners are opened at a time. */
const PARALLEL_OPENS = 256;

/** One address and port, and what to do with connections to it. */
export interface Listening {
  readonly address: string;
  readonly port: number;
  readonly handle: (socket: Socket) => void;
  /** When the port cannot be opened: fail (default), or go on without it. */
  readonly isOptional?: boolean;
}

/** A set of open ports that are closed together. */
export class Listeners {
  /** Optional ports that could not be opened. */
  readonly skipped: Listening[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** Opens all of them; rejects with a sentence that names the first port that could not be opened. */
  async open(all: readonly Listening[]): Promise<void> {
    for (let start = 0; start < all.length; start += PARALLEL_OPENS) {
      await Promise.all(all.slice(start, start + PARALLEL_OPENS).map(one => this.#open(one)));
    }
  }

  /** Closes every port and connection. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map(server => new Promise<void>(resolve => server.close(() => resolve()))),
    );
    this.#servers.length = 0;
  }

  #open(one: Listening): Promise<void> {
    const server = createServer(socket => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      one.handle(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', error => {
        if (one.isOptional !== true) {
          reject(cannotListen(one.address, one.port, error));
          return;
        }
        this.skipped.push(one);
        resolve();
      });
      server.listen({ host: one.address, port: one.port, backlog: BACKLOG }, () => {
        this.#servers.push(server);
        resolve();
      });
    });
  }
}

/** Says in a sentence why an address and port cannot be used and what to do; the system's error is the cause. */
export function cannotListen(address: string, port: number, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const place = `${address}:${port}`;
  const advice: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is taken: stop the practice network that runs in this address block, or whatever listens on port ${port} of all addresses.`,
    EMFILE: `There are not enough open files for ${place}: raise the limit (ulimit -n) or start with fewer hosts.`,
    EADDRNOTAVAIL: `${place} cannot be used: the practice network needs all of 127.0.0.0/8 on the loopback interface, as Linux has it.`,
  };
  const message = typeof code === 'string' ? advice[code] : undefined;
  return new Error(message ?? `${place} cannot be opened (${String(code ?? cause)}).`, { cause });
}
