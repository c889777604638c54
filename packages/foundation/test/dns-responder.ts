import { decode, encode, streamDecode, type Answer, type Packet } from 'dns-packet';
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** What to answer: records, or a response code; `truncated` only over UDP; undefined for silence. */
export type Reply = { answers?: Answer[]; rcode?: number; isTruncated?: boolean } | undefined;

/** Gives the reply to a question; `asked` counts how often it was asked before. */
export type Zone = (name: string, type: string, via: 'udp' | 'tcp', asked: number) => Reply;

/** A name server on loopback for tests, UDP and TCP on the same port. */
export interface Responder {
  readonly resolver: string;
  readonly port: number;
  /** Questions as `name type via`, in the order in which they came. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

/** Starts a name server at 127.0.0.1. */
export async function startResponder(zone: Zone): Promise<Responder> {
  const questions: string[] = [];
  function answer(bytes: Packet, via: 'udp' | 'tcp'): Buffer | undefined {
    const question = bytes.questions?.[0];
    if (!question) return undefined;
    const line = `${question.name.toLowerCase()} ${question.type}`;
    const asked = questions.filter(one => one.startsWith(`${line} `)).length;
    questions.push(`${line} ${via}`);
    const reply = zone(question.name.toLowerCase(), question.type, via, asked);
    if (!reply) return undefined;
    const flags = 0x8180 | (reply.rcode ?? 0) | (reply.isTruncated ? 0x0200 : 0);
    return encode({
      type: 'response',
      id: bytes.id ?? 0,
      flags,
      questions: [question],
      answers: reply.answers ?? [],
    });
  }
  const { udp, tcp, port } = await openBoth();
  udp.on('message', (message, sender) => {
    const bytes = answer(decode(message), 'udp');
    if (bytes) udp.send(bytes, sender.port, sender.address);
  });
  tcp.on('connection', socket => {
    socket.on('error', () => socket.destroy());
    socket.once('data', chunk => {
      const query = streamDecode(chunk);
      const bytes = query ? answer(query, 'tcp') : undefined;
      if (!bytes) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      socket.end(Buffer.concat([length, bytes]));
    });
  });
  return {
    resolver: `127.0.0.1:${port}`,
    port,
    questions,
    async close() {
      await new Promise<void>(resolve => udp.close(() => resolve()));
      await new Promise<void>(resolve => tcp.close(() => resolve()));
    },
  };
}

/** A port that is free for both UDP and TCP: another program may hold one of the two. */
async function openBoth(): Promise<{ udp: Socket; tcp: Server; port: number }> {
  for (let attempt = 0; ; attempt += 1) {
    const udp = createSocket('udp4');
    await new Promise<void>(resolve => udp.bind(0, '127.0.0.1', resolve));
    const { port } = udp.address();
    const tcp = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.listen({ host: '127.0.0.1', port }, resolve);
      });
      return { udp, tcp, port };
    } catch (error) {
      udp.close();
      if (attempt >= 20) throw error;
    }
  }
}

/** An A record with a short life. */
export function a(name: string, address: string): Answer {
  return { type: 'A', name, ttl: 60, data: address };
}

/** Where a listening server ended up. */
export function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
