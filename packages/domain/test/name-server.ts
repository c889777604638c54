import { createSocket } from 'node:dgram';

/** Records that a {@link startNameServer} answers with, by name: addresses (A) and texts (TXT). */
export type Zone = Map<
  string,
  { readonly a?: readonly string[]; readonly txt?: readonly string[] } | 'silent'
>;

const TYPE_A = 1;
const TYPE_TXT = 16;

/** A name server on loopback for tests, UDP alone. A name that is not in the zone does not exist. */
export async function startNameServer(zone: Zone): Promise<{ resolver: string; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, sender) => {
    const { name, type, end } = readQuestion(message);
    const entry = zone.get(name);
    if (entry === 'silent') return;
    const records = type === TYPE_A ? (entry?.a ?? []) : type === TYPE_TXT ? (entry?.txt ?? []) : [];
    const header = Buffer.from(message.subarray(0, 12));
    header.writeUInt16BE(entry ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(records.length, 6);
    header.writeUInt32BE(0, 8);
    const answers = records.map(value => answer(type, value));
    socket.send(Buffer.concat([header, message.subarray(12, end), ...answers]), sender.port, sender.address);
  });
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  return {
    resolver: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise(resolve => socket.close(() => resolve())),
  };
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function answer(type: number, value: string): Buffer {
  const data =
    type === TYPE_A
      ? Buffer.from(value.split('.').map(Number))
      : Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(1, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
