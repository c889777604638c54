import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import type { Answer, DecodedPacket, RecordType } from 'dns-packet';

const TIMEOUT_MS = 5000;
let lastId = 0;

/** Where a name server listens. */
export interface Server {
  readonly address: string;
  readonly port: number;
}

/** A query packet; with `payload` it carries EDNS. */
export function queryPacket(name: string, type: RecordType, payload?: number): Buffer {
  lastId = (lastId + 1) % 65_536;
  const opt: Answer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: payload ?? 0,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return encode({
    type: 'query',
    id: lastId,
    flags: RECURSION_DESIRED,
    questions: [{ name, type, class: 'IN' }],
    additionals: payload === undefined ? [] : [opt],
  });
}

/** Sends a datagram and waits for the answer. */
export function sendUdp(server: Server, message: Buffer): Promise<DecodedPacket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error('no answer'));
    }, TIMEOUT_MS);
    socket.on('message', reply => {
      clearTimeout(timer);
      socket.close();
      resolve(decode(reply));
    });
    socket.send(message, server.port, server.address);
  });
}

/** Sends a message over TCP and collects answers until `isDone` says so or the server closes. */
export function sendTcp(
  server: Server,
  message: Buffer,
  isDone: (replies: readonly DecodedPacket[]) => boolean = () => true,
): Promise<readonly DecodedPacket[]> {
  return new Promise((resolve, reject) => {
    const replies: DecodedPacket[] = [];
    let pending: Buffer = Buffer.alloc(0);
    const socket = connect(server.port, server.address, () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.on('close', () => resolve(replies));
    socket.on('data', chunk => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        replies.push(decode(pending.subarray(2, end)));
        pending = pending.subarray(end);
        if (isDone(replies)) socket.destroy();
      }
    });
  });
}

/** Asks over UDP or TCP. */
export async function ask(
  server: Server,
  name: string,
  type: RecordType,
  transport: 'udp' | 'tcp' = 'udp',
  payload?: number,
): Promise<DecodedPacket> {
  const message = queryPacket(name, type, payload);
  if (transport === 'udp') return sendUdp(server, message);
  const [reply] = await sendTcp(server, message);
  if (reply === undefined) throw new Error('no answer');
  return reply;
}

/** Response code of an answer. */
export function rcodeOf(reply: DecodedPacket): number {
  return (reply.flags ?? 0) & 15;
}
