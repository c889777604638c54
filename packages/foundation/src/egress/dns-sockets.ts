import { createSocket, type Socket } from 'node:dgram';
import { EgressError } from './guard.ts';
import type { DnsMessage, RecordType } from './dns-wire.ts';
import { decodeResponse, encodeQuery } from './dns-wire.ts';

/** Where a resolver listens. */
export interface ResolverAddress {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

interface Pending {
  readonly id: number;
  readonly name: string;
  readonly type: RecordType;
  settle(message: DnsMessage | undefined): void;
}

interface Channel {
  readonly socket: Socket;
  /** By `address#port#id`, so that only the asked resolver can answer. */
  readonly pending: Map<string, Pending>;
  sent: number;
  isRetired: boolean;
}

/** After so many queries a socket is replaced, so that the source port does not stay guessable. */
const QUERIES_PER_SOCKET = 20_000;
const CHANNELS_PER_FAMILY = 4;

/**
 * Few UDP sockets that carry thousands of queries at once, told apart by resolver, id and question. A response that
 * matches no pending query in all three is ignored.
 */
export class DnsSockets {
  readonly #channels: Record<4 | 6, Channel[]> = { 4: [], 6: [] };
  #next = 0;
  #isClosed = false;

  /** Sends one query; resolves with undefined when no valid answer came within `timeoutMs`. */
  async exchange(
    resolver: ResolverAddress,
    name: string,
    type: RecordType,
    timeoutMs: number,
  ): Promise<DnsMessage | undefined> {
    if (this.#isClosed) throw new EgressError('cancelled', 'The scan was cancelled.');
    const channel = this.#channelFor(resolver.family);
    let query = encodeQuery(name, type);
    let key = keyOf(resolver.address, resolver.port, query.id);
    for (let tries = 0; channel.pending.has(key); tries += 1) {
      if (tries > 50) return undefined;
      query = encodeQuery(name, type);
      key = keyOf(resolver.address, resolver.port, query.id);
    }
    channel.sent += 1;
    return new Promise(resolve => {
      const settle = (message: DnsMessage | undefined) => {
        clearTimeout(timer);
        channel.pending.delete(key);
        this.#retire(channel);
        resolve(message);
      };
      // After a stall of the process the answers wait in the socket's buffer: they are read before time is called up.
      const timer = setTimeout(() => setImmediate(settle, undefined), timeoutMs);
      channel.pending.set(key, { id: query.id, name, type, settle });
      channel.socket.send(query.bytes, resolver.port, resolver.address, error => {
        if (error) settle(undefined);
      });
    });
  }

  /** Drops every pending query and closes the sockets. */
  close(): void {
    this.#isClosed = true;
    for (const channel of [...this.#channels[4], ...this.#channels[6]]) {
      for (const pending of channel.pending.values()) pending.settle(undefined);
      if (!channel.isRetired) channel.socket.close();
      channel.isRetired = true;
    }
  }

  #channelFor(family: 4 | 6): Channel {
    const channels = this.#channels[family];
    this.#next = (this.#next + 1) % CHANNELS_PER_FAMILY;
    const existing = channels[this.#next];
    if (existing && existing.sent < QUERIES_PER_SOCKET) return existing;
    const channel = this.#open(family);
    const slot = existing ? this.#next : channels.length;
    channels[slot] = channel;
    if (existing) this.#retire(existing);
    return channel;
  }

  #open(family: 4 | 6): Channel {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', recvBufferSize: 4 * 1024 * 1024 });
    const channel: Channel = { socket, pending: new Map(), sent: 0, isRetired: false };
    socket.on('message', (bytes, sender) => receive(channel, bytes, sender.address, sender.port));
    socket.on('error', () => {
      channel.sent = QUERIES_PER_SOCKET;
      for (const pending of channel.pending.values()) pending.settle(undefined);
    });
    return channel;
  }

  /** Closes a used-up socket once its last answer came. */
  #retire(channel: Channel): void {
    if (channel.isRetired || channel.sent < QUERIES_PER_SOCKET || channel.pending.size > 0) return;
    channel.isRetired = true;
    channel.socket.close();
    for (const family of [4, 6] as const)
      this.#channels[family] = this.#channels[family].filter(other => other !== channel);
  }
}

function keyOf(address: string, port: number, id: number): string {
  return `${address}#${port}#${id}`;
}

function receive(channel: Channel, bytes: Buffer, address: string, port: number): void {
  if (bytes.length < 12) return;
  const pending = channel.pending.get(keyOf(address, port, bytes.readUInt16BE(0)));
  if (!pending) return;
  let message: DnsMessage;
  try {
    message = decodeResponse(bytes);
  } catch {
    // Unreadable or forged: the real answer may still come, or the query times out.
    return;
  }
  const { question } = message;
  if (question && (question.name !== pending.name || question.type !== pending.type)) return;
  pending.settle(message);
}
