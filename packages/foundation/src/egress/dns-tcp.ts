import type { Socket } from 'node:net';
import type { ResolverAddress } from './dns-sockets.ts';
import type { DnsMessage, DnsRecord, RecordType } from './dns-wire.ts';
import { decodeResponse, encodeQuery } from './dns-wire.ts';
import { EgressError } from './guard.ts';
import { openSocket } from './sockets.ts';

const TCP_TIMEOUT_MS = 5000;

function frame(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Length-prefixed messages (RFC 7766) as they come, until the peer closes. Ends with EgressError `timeout` when nothing
 * came for `idleMs`, `limit` after `maxBytes`.
 */
export async function* readMessages(
  socket: Socket,
  limits: { idleMs: number; maxBytes: number },
): AsyncGenerator<Buffer, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  let received = 0;
  socket.setTimeout(limits.idleMs, () =>
    socket.destroy(new EgressError('timeout', 'The name server fell silent.')),
  );
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > limits.maxBytes)
      throw new EgressError('limit', `The name server sent more than ${limits.maxBytes} bytes.`);
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      yield rest.subarray(2, end);
      rest = rest.subarray(end);
    }
  }
}

/** Asks a configured resolver over TCP; undefined when it does not answer properly. */
export async function exchangeOverTcp(
  resolver: ResolverAddress,
  name: string,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsMessage | undefined> {
  let socket: Socket | undefined;
  try {
    socket = await openSocket({ ...resolver, timeoutMs: TCP_TIMEOUT_MS, signal });
    const query = encodeQuery(name, type);
    socket.write(frame(query.bytes));
    for await (const bytes of readMessages(socket, { idleMs: TCP_TIMEOUT_MS, maxBytes: 128 * 1024 })) {
      const message = decodeResponse(bytes);
      if (message.id === query.id) return message;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    socket?.destroy();
  }
}

/**
 * Reads a zone transfer (AXFR, RFC 5936) from a connected socket, which is destroyed at the end.
 * @throws EgressError `refused` when the server does not give the zone, `limit` when it is too large, `protocol` when cut short.
 */
export async function readZone(
  socket: Socket,
  zone: string,
  limits: { maxRecords: number; maxBytes: number; idleMs: number },
): Promise<readonly DnsRecord[]> {
  const records: DnsRecord[] = [];
  let ends = 0;
  try {
    const query = encodeQuery(zone, 'AXFR');
    socket.write(frame(query.bytes));
    for await (const bytes of readMessages(socket, limits)) {
      const message = decodeResponse(bytes);
      if (message.id !== query.id) throw new EgressError('protocol', 'The answer has another id.');
      if (message.rcode !== 'NOERROR')
        throw new EgressError('refused', `The name server said ${message.rcode}.`);
      if (message.answers.length === 0 && message.skipped === 0)
        throw new EgressError('refused', 'The name server answered without records.');
      for (const record of message.answers) {
        if (record.type === 'SOA' && record.name === zone) ends += 1;
        if (ends < 2) records.push(record);
      }
      if (records.length > 0 && ends === 0)
        throw new EgressError('protocol', 'The transfer does not begin with the zone’s SOA record.');
      if (records.length > limits.maxRecords)
        throw new EgressError('limit', `The zone has more than ${limits.maxRecords} records.`);
      if (ends >= 2) return records;
    }
  } catch (error) {
    if (error instanceof EgressError) throw error;
    throw new EgressError('protocol', 'The zone transfer could not be read.', { cause: error });
  } finally {
    socket.destroy();
  }
  throw new EgressError('refused', 'The name server closed the connection before the end of the zone.');
}
