import type { Socket } from 'node:net';
import { digest } from '../random.ts';

/** Algorithms offered in key exchange, in the order of RFC 4253 section 7.1. */
const nameLists: readonly string[] = [
  'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256',
  'rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519',
  'chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com',
  'hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512',
  'hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512',
  'none,zlib@openssh.com',
  'none,zlib@openssh.com',
  '',
  '',
];

const KEXINIT = 20;

function kexInit(cookie: Buffer): Buffer {
  const lists = nameLists.map(list => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(list.length);
    return Buffer.concat([length, Buffer.from(list, 'latin1')]);
  });
  const payload = Buffer.concat([Buffer.from([KEXINIT]), cookie, ...lists, Buffer.alloc(5)]);
  // Packet length, padding length and payload together are a multiple of eight, with at least four bytes of padding.
  const padding = 8 - ((5 + payload.length) % 8);
  const paddingLength = padding < 4 ? padding + 8 : padding;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + paddingLength);
  head.writeUInt8(paddingLength, 4);
  return Buffer.concat([head, payload, Buffer.alloc(paddingLength)]);
}

/** Sends the SSH identification and, once the client has named itself, the start of key exchange; no more. */
export function serveSsh(socket: Socket, service: { readonly software: string }): void {
  socket.write(`SSH-2.0-${service.software}\r\n`);
  let received = '';
  let hasStarted = false;
  socket.on('data', (chunk: Buffer) => {
    if (hasStarted) {
      // Whatever the client proposes, the exchange ends here.
      socket.end();
      return;
    }
    received += chunk.toString('latin1');
    const end = received.indexOf('\n');
    if (end < 0) {
      if (received.length > 255) socket.destroy();
      return;
    }
    if (!received.startsWith('SSH-')) {
      socket.end('Invalid SSH identification string.\r\n');
      return;
    }
    hasStarted = true;
    socket.write(kexInit(digest('cookie', service.software).subarray(0, 16)));
  });
}
