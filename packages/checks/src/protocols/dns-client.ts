import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { getServers } from 'node:dns';
import { connect, isIPv6 } from 'node:net';
import { RECURSION_DESIRED, decode, encode, streamEncode } from 'dns-packet';
import type { DecodedPacket, RecordClass, RecordType } from 'dns-packet';

/** One question. */
export interface DnsQuery {
  readonly name: string;
  readonly type: string;
  /** `IN`, `CH` … */
  readonly class: string;
  readonly isRecursive: boolean;
  /** `address` or `address:port`; the resolver's own servers when empty. */
  readonly servers: readonly string[];
  readonly timeoutMs: number;
  /** Attempts in all. */
  readonly attempts: number;
  readonly signal: AbortSignal | undefined;
}

/** Answers DNS questions. The only way by which the engine asks them. */
export interface DnsResolver {
  /** Rejects when no server answers. */
  readonly query: (query: DnsQuery) => Promise<DecodedPacket>;
}

function splitServer(server: string): [address: string, port: number] {
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(server) ?? /^([^:]+):(\d+)$/.exec(server);
  return match === null
    ? [server.replace(/^\[|\]$/g, ''), 53]
    : [match[1] ?? server, Number(match[2] ?? '53')];
}

function overUdp(
  message: Buffer,
  server: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<DecodedPacket> {
  const [address, port] = splitServer(server);
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const stop = (work: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      work();
    };
    const fail = (error: Error): void => stop(() => reject(error));
    const onAbort = (): void => fail(new Error('stopped'));
    const timer = setTimeout(
      () => fail(new Error(`no DNS answer from ${server} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.on('message', data => {
      try {
        const packet = decode(data);
        if (packet.id === message.readUInt16BE(0)) stop(() => resolve(packet));
      } catch {
        // A datagram that is no DNS message is passed over; the timeout bounds the wait.
      }
    });
    socket.send(message, port, address, error => {
      if (error !== null) fail(error);
    });
  });
}

function overTcp(message: Buffer, server: string, timeoutMs: number): Promise<DecodedPacket> {
  const [host, port] = splitServer(server);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`no DNS answer from ${server} within ${timeoutMs} ms`)),
    );
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${server} closed without a DNS answer`)));
    socket.on('data', data => {
      received = Buffer.concat([received, data]);
      if (received.length < 2 || received.length < received.readUInt16BE(0) + 2) return;
      try {
        resolve(decode(received.subarray(2, received.readUInt16BE(0) + 2)));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      socket.destroy();
    });
    socket.write(message);
  });
}

/** Asks servers over UDP, over TCP when an answer was cut. `servers` are used for queries that name none. */
export class SocketDnsResolver implements DnsResolver {
  private readonly servers: readonly string[];

  constructor(servers: readonly string[]) {
    this.servers = servers.length > 0 ? servers : getServers();
  }

  /** Asks until a server answers; rejects with the last failure. */
  async query(query: DnsQuery): Promise<DecodedPacket> {
    const servers = query.servers.length > 0 ? query.servers : this.servers;
    const packet = {
      type: 'query' as const,
      id: randomInt(65_536),
      flags: query.isRecursive ? RECURSION_DESIRED : 0,
      questions: [
        {
          name: query.name.replace(/\.$/, ''),
          type: query.type as RecordType,
          class: query.class as RecordClass,
        },
      ],
      additionals: [
        {
          type: 'OPT' as const,
          name: '.',
          udpPayloadSize: 4096,
          flags: 0,
          extendedRcode: 0,
          ednsVersion: 0,
          flag_do: false,
          options: [],
        },
      ],
    };
    let failure: unknown = new Error('no DNS server is known; name one with -r');
    for (let attempt = 0; attempt < query.attempts; attempt += 1) {
      const server = servers[attempt % servers.length];
      if (server === undefined) break;
      try {
        const answer = await overUdp(encode(packet), server, query.timeoutMs, query.signal);
        return answer.flag_tc ? await overTcp(streamEncode(packet), server, query.timeoutMs) : answer;
      } catch (error) {
        failure = error;
        if (query.signal?.aborted === true) break;
      }
    }
    throw failure;
  }
}
