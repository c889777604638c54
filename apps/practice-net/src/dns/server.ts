import { createSocket } from 'node:dgram';
import type { Socket as DatagramSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { decode, encode } from 'dns-packet';
import type { DecodedPacket } from 'dns-packet';
import { cannotListen } from '../services/listeners.ts';
import { emptyResponse, rcode, respond, toAnswer, Turns } from './respond.ts';
import { transferOrder } from './zone.ts';
import type { Zone } from './zone.ts';
import type { ZoneSet } from './zones.ts';

/** Records per message of a zone transfer: small enough that every transfer takes several. */
const RECORDS_PER_MESSAGE = 40;
/** A client that sends nothing for so long loses its connection. */
const IDLE_TIMEOUT_MS = 30_000;
/** Most bytes of unanswered queries that one connection may hold. */
const MOST_PENDING_BYTES = 128 * 1024;

/** What one name server does. */
export interface DnsServerOptions {
  readonly address: string;
  /** 0 takes a free port, the same for UDP and TCP. */
  readonly port: number;
  readonly zoneSet: ZoneSet;
  readonly turns: Turns;
  /** Zones that it hands out whole. */
  readonly transfers: readonly string[];
  /** Called for each query. */
  readonly onQuery?: () => void;
}

/** A running name server. */
export interface DnsServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

function parse(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** Answers what cannot be read or is no plain query; undefined when it is one. */
function refusal(bytes: Buffer, query: DecodedPacket | undefined): Buffer | undefined {
  if (query === undefined) {
    return bytes.length < 12
      ? undefined
      : encode(emptyResponse({ id: bytes.readUInt16BE(0), flags: 0 }, rcode.formatError));
  }
  if (((query.flags ?? 0) & 0x7800) !== 0) return encode(emptyResponse(query, rcode.notImplemented));
  if (query.questions?.length !== 1) return encode(emptyResponse(query, rcode.formatError));
  return undefined;
}

function transferMessages(query: DecodedPacket, zone: Zone): readonly Buffer[] {
  const records = transferOrder(zone);
  const messages: Buffer[] = [];
  for (let start = 0; start < records.length;) {
    // The first message carries the SOA record alone, as some servers do.
    const end = start === 0 ? 1 : start + RECORDS_PER_MESSAGE;
    const base = emptyResponse(query, rcode.ok);
    messages.push(
      encode({
        ...base,
        flags: (base.flags ?? 0) | 0x0400,
        questions: start === 0 ? (query.questions ?? []) : [],
        answers: records.slice(start, end).map(toAnswer),
      }),
    );
    start = end;
  }
  return messages;
}

/** Answers a message that came over UDP or TCP; a zone transfer gives several messages. */
function answer(options: DnsServerOptions, bytes: Buffer, transport: 'udp' | 'tcp'): readonly Buffer[] {
  const query = parse(bytes);
  if (query !== undefined && (query.type === 'response' || query.flag_qr)) return [];
  const refused = refusal(bytes, query);
  if (refused !== undefined) return [refused];
  const question = query?.questions?.[0];
  if (query === undefined || question === undefined) return [];
  options.onQuery?.();
  if (question.type === 'AXFR' || question.type === 'IXFR') {
    const origin = question.name.toLowerCase().replace(/\.$/, '');
    const zone = options.zoneSet.zones.find(candidate => candidate.origin === origin);
    const isAllowed =
      transport === 'tcp' &&
      zone !== undefined &&
      question.type === 'AXFR' &&
      options.transfers.includes(origin);
    return isAllowed ? transferMessages(query, zone) : [encode(emptyResponse(query, rcode.refused))];
  }
  return [respond(options.zoneSet, options.turns, query, question, transport)];
}

function serveConnection(options: DnsServerOptions, socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    if (pending.length > MOST_PENDING_BYTES) {
      socket.destroy();
      return;
    }
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const message = pending.subarray(2, end);
      pending = pending.subarray(end);
      for (const reply of answer(options, message, 'tcp')) socket.write(framed(reply));
    }
  });
}

function listenTcp(options: DnsServerOptions, sockets: Set<Socket>): Promise<Server> {
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveConnection(options, socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(cannotListen(options.address, options.port, error)));
    server.listen(options.port, options.address, () => resolve(server));
  });
}

function listenUdp(options: DnsServerOptions, port: number): Promise<DatagramSocket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (bytes, from) => {
    for (const reply of answer(options, bytes, 'udp')) socket.send(reply, from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(cannotListen(options.address, port, error));
    socket.once('error', fail);
    socket.bind(port, options.address, () => {
      socket.removeListener('error', fail);
      // A client that is gone answers with ICMP; the next datagram must still be served.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Starts a name server on UDP and TCP; rejects when the port is taken. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const sockets = new Set<Socket>();
  const tcp = await listenTcp(options, sockets);
  const bound = tcp.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  const udp = await listenUdp(options, port).catch((error: unknown) => {
    tcp.close();
    throw error;
  });
  return {
    address: options.address,
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>(resolve => tcp.close(() => resolve())),
        new Promise<void>(resolve => udp.close(() => resolve())),
      ]);
    },
  };
}
