import type { Socket } from 'node:net';
import { onLine } from './lines.ts';

/** A resetting service that hears nothing gives up after this time. */
const RESET_AFTER_MS = 3000;
/** The honeypot greets clients that wait this long in silence. */
const GREET_AFTER_MS = 400;

/** Accepts, reads and never answers. */
export function serveSilence(socket: Socket): void {
  socket.resume();
}

/** Resets the connection as soon as the client sends something. */
export function serveReset(socket: Socket): void {
  const timer = setTimeout(() => socket.resetAndDestroy(), RESET_AFTER_MS);
  socket.once('data', () => socket.resetAndDestroy());
  socket.on('close', () => clearTimeout(timer));
}

/** Has something to say to everybody, whatever the port: a greeting, a web page, an OK. */
export function serveHoneypot(socket: Socket): void {
  let hasSpoken = false;
  const timer = setTimeout(() => {
    if (!hasSpoken && socket.writable) socket.write('220 ready\r\n');
    hasSpoken = true;
  }, GREET_AFTER_MS);
  socket.on('close', () => clearTimeout(timer));
  socket.on('data', (chunk: Buffer) => {
    hasSpoken = true;
    const body = '<html><head><title>Welcome</title></head><body>Welcome</body></html>';
    if (/^[A-Z]{3,7} \//.test(chunk.subarray(0, 16).toString('latin1'))) {
      socket.end(
        `HTTP/1.1 200 OK\r\nServer: server\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    } else {
      socket.write('200 OK\r\n');
    }
  });
}

/** A made-up line protocol, for behind TLS. */
export function serveLineProtocol(socket: Socket): void {
  socket.write('* TUNNEL 2.1 ready\r\n');
  onLine(socket, line => {
    if (line.toUpperCase() === 'BYE') socket.end('* BYE\r\n');
    else socket.write('* BAD unknown command\r\n');
  });
}
