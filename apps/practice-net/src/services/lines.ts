import type { Socket } from 'node:net';

/** Most bytes without a line end that a client may send. */
const LONGEST_LINE_BYTES = 8192;

/** Calls back for each line (CRLF or LF) that the client sends; drops clients whose lines have no end. */
export function onLine(socket: Socket, handle: (line: string) => void): void {
  let pending = '';
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1');
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end).replace(/\r$/, '');
      pending = pending.slice(end + 1);
      if (socket.writable) handle(line);
    }
    if (pending.length > LONGEST_LINE_BYTES) socket.destroy();
  });
}
