import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { DslValue } from '../dsl/values.ts';
import { messageOf } from '../errors.ts';
import { hostHeaderOf, parseTarget, portOf } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import { remoteAddressOf } from '../http/transport.ts';
import { EventData } from '../match/event-data.ts';
import { operate } from '../match/operate.ts';
import type { PayloadSet } from '../run/payload-sets.ts';
import type { RequestScope } from '../run/request-scope.ts';
import type { OastName, TemplateRun } from '../run/template-run.ts';
import type { WebsocketBlock } from '../template/model.ts';
import { StreamReader } from './stream-reader.ts';
import { inputBytes } from './tcp-block.ts';

const MAX_MESSAGE = 1024 * 1024;
const FIRST_MS = 5_000;

/** One masked text frame of a client. */
export function textFrame(payload: string): Buffer {
  const data = Buffer.from(payload, 'latin1');
  const head =
    data.length < 126 ? Buffer.from([0x81, 0x80 | data.length]) : Buffer.alloc(data.length < 65_536 ? 4 : 10);
  if (head.length > 2) {
    head.writeUInt8(0x81, 0);
    head.writeUInt8(head.length === 4 ? 0xfe : 0xff, 1);
    if (head.length === 4) head.writeUInt16BE(data.length, 2);
    else head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, data.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** Reads one data message; '' when none comes. Control frames are passed over. */
async function readMessage(reader: StreamReader): Promise<string> {
  const exactly = (size: number): Promise<string> => reader.read({ size, firstMs: FIRST_MS, quietMs: 1_000 });
  for (let frames = 0; frames < 50; frames += 1) {
    const head = Buffer.from(await exactly(2), 'latin1');
    if (head.length < 2) return '';
    let length = (head[1] ?? 0) & 0x7f;
    if (length === 126)
      length = Number(`0x${Buffer.from(await exactly(2), 'latin1').toString('hex') || '0'}`);
    else if (length === 127)
      length = Number(`0x${Buffer.from(await exactly(8), 'latin1').toString('hex') || '0'}`);
    if (length > MAX_MESSAGE) throw new Error(`a WebSocket message is longer than ${MAX_MESSAGE} bytes`);
    const payload = length === 0 ? '' : await exactly(length);
    if (((head[0] ?? 0) & 0x08) === 0) return payload;
    if (((head[0] ?? 0) & 0x0f) === 0x08) return '';
  }
  return '';
}

async function openSocket(
  stream: Duplex,
  reader: StreamReader,
  target: Target,
  block: WebsocketBlock,
  scope: RequestScope,
): Promise<string> {
  const headers = block.headers.map(({ name, value }) => `${name}: ${value.render(scope)}\r\n`).join('');
  const path = `${target.path === '' ? '/' : target.path}${target.query}`;
  const key = randomBytes(16).toString('base64');
  stream.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostHeaderOf(target)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`,
  );
  let head = '';
  while (!head.endsWith('\r\n\r\n') && head.length < 65_536) {
    const byte = await reader.read({ size: 1, firstMs: FIRST_MS, quietMs: 1_000 });
    if (byte === '') break;
    head += byte;
  }
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error('the server does not speak WebSocket here');
  return head;
}

/** Opens a WebSocket, sends the inputs, and runs the operators over what came back. */
export async function runWebsocketBlock(
  block: WebsocketBlock,
  run: TemplateRun,
  prefix: string,
  payloads: PayloadSet,
): Promise<boolean> {
  const { services } = run;
  const oastNames: OastName[] = [];
  const scope = run.scope(payloads, run.targetVariables(false), run.dynamic, oastNames);
  const address = block.address.render(scope).replace(/^http(s?):/, 'ws$1:');
  const target = parseTarget(address);
  if (target === undefined) return false;
  await services.rate.acquire(services.signal);
  services.counters.requests += 1;
  let [sent, received, head, ip] = ['', '', '', ''];
  const named = new Map<string, DslValue>();
  try {
    const { timeoutMs } = services.settings;
    const stream = await services.transport.connect(target.host, portOf(target), {
      isTls: target.scheme === 'wss',
      timeoutMs,
      ...(services.signal === undefined ? {} : { signal: services.signal }),
    });
    stream.on('error', () => undefined);
    try {
      ip = remoteAddressOf(stream);
      const reader = new StreamReader(stream);
      head = await openSocket(stream, reader, target, block, scope);
      for (const input of block.inputs) {
        const bytes = inputBytes(input, scope);
        stream.write(textFrame(bytes));
        sent += bytes;
        const message = await readMessage(reader);
        received += message;
        if (input.name !== '') named.set(input.name, message);
      }
    } finally {
      stream.destroy();
    }
  } catch (error) {
    services.counters.errors += 1;
    run.failures += 1;
    services.warn(`${run.template.id}: ${messageOf(error)}`);
    return false;
  }
  const values = new Map<string, DslValue>([
    ['host', run.target?.input ?? address],
    ['matched', address],
    ['type', 'websocket'],
    ['request', sent],
    ['response', received],
    ['body', received],
    ['all', head + received],
    ['success', true],
    ['ip', ip],
    ...named,
  ]);
  run.export(prefix, values);
  const verdict = await operate(block.operators, new EventData(values, scope.get), services);
  run.remember(verdict.internal);
  return run.report(verdict, {
    type: 'websocket',
    matchedAt: address,
    request: sent,
    response: received,
    ip,
    target,
    payloads: scope.payloadValues(),
  });
}
