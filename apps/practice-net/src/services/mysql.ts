import type { Socket } from 'node:net';
import { digest } from '../random.ts';

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence, 3);
  return Buffer.concat([head, payload]);
}

/** The greeting of MySQL's protocol 10. */
function greeting(version: string): Buffer {
  const challenge = digest('challenge', version).map(byte => (byte % 94) + 33);
  const fixed = Buffer.alloc(4);
  fixed.writeUInt32LE(1842);
  return packet(
    0,
    Buffer.concat([
      Buffer.from([10]),
      Buffer.from(`${version}\0`, 'latin1'),
      fixed,
      challenge.subarray(0, 8),
      // Filler, capabilities (low), character set, status, capabilities (high), length of the challenge, ten zero bytes.
      Buffer.from([0, 0xff, 0xf7, 0x08, 0x02, 0x00, 0xff, 0x81, 21]),
      Buffer.alloc(10),
      challenge.subarray(8, 20),
      Buffer.from('\0mysql_native_password\0', 'latin1'),
    ]),
  );
}

/** Greets as MySQL and denies every log-in. */
export function serveMysql(socket: Socket, service: { readonly version: string }): void {
  socket.write(greeting(service.version));
  socket.once('data', () => {
    const head = Buffer.from([0xff, 0x15, 0x04]);
    const text = "#28000Access denied for user ''@'localhost' (using password: NO)";
    socket.end(packet(2, Buffer.concat([head, Buffer.from(text, 'latin1')])));
  });
}
