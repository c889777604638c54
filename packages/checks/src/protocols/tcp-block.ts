import type { Duplex } from 'node:stream';
import { DslError } from '../dsl/values.ts';
import type { DslValue } from '../dsl/values.ts';
import { messageOf } from '../errors.ts';
import { parseTarget, portOf } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import { remoteAddressOf } from '../http/transport.ts';
import { EventData } from '../match/event-data.ts';
import { operate } from '../match/operate.ts';
import type { PayloadSet } from '../run/payload-sets.ts';
import type { RequestScope } from '../run/request-scope.ts';
import type { OastName, TemplateRun } from '../run/template-run.ts';
import { unresolvedIn } from '../run/unresolved.ts';
import type { StreamInput, TcpBlock } from '../template/model.ts';
import { StreamReader } from './stream-reader.ts';

const FIRST_MS = 5_000;
const QUIET_MS = 400;
const MAX_READ = 4 * 1024 * 1024;

/** What a conversation gave. */
interface Conversation {
  readonly sent: string;
  /** The last read. */
  readonly data: string;
  /** Everything received. */
  readonly raw: string;
  readonly named: ReadonlyMap<string, string>;
  readonly ip: string;
}

/** The bytes of an input, rendered; hex is decoded. */
export function inputBytes(input: StreamInput, scope: RequestScope): string {
  const text = input.data.render(scope);
  if (!input.isHex) return text;
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) throw new DslError('a hex input is not hex');
  return Buffer.from(text, 'hex').toString('latin1');
}

async function converse(stream: Duplex, block: TcpBlock, scope: RequestScope): Promise<Conversation> {
  const reader = new StreamReader(stream);
  const named = new Map<string, string>();
  let [sent, raw] = ['', ''];
  for (const input of block.inputs) {
    const bytes = inputBytes(input, scope);
    if (unresolvedIn(bytes) !== undefined) throw new DslError('an input has a placeholder without a value');
    sent += bytes;
    if (bytes !== '') stream.write(Buffer.from(bytes, 'latin1'));
    if (input.read === 0) continue;
    const part = await reader.read({
      size: Math.min(input.read, MAX_READ),
      firstMs: FIRST_MS,
      quietMs: QUIET_MS,
    });
    raw += part;
    if (input.name !== '') named.set(input.name, part);
  }
  const size = block.readsAll ? MAX_READ : Math.min(block.readSize, MAX_READ);
  // Whoever said something, or nothing for the whole patience of an earlier read, is not waited for as long again.
  const hasWaited = block.inputs.some(input => input.read > 0);
  const firstMs = hasWaited ? QUIET_MS * 2 : FIRST_MS;
  const data = await reader.read({ size, firstMs, quietMs: QUIET_MS });
  return { sent, data, raw: raw + data, named, ip: remoteAddressOf(stream) };
}

/** The addresses a block connects to: hosts times ports; a target's own port wins unless it is a web port. */
function addressesOf(
  block: TcpBlock,
  run: TemplateRun,
  scope: RequestScope,
): { target: Target; isTls: boolean }[] {
  return block.hosts.flatMap(host => {
    const text = host.render(scope);
    const isTls = text.startsWith('tls://');
    const target = parseTarget(text.replace(/^(?:tls|tcp):\/\//, ''));
    if (target === undefined || unresolvedIn(text) !== undefined) return [];
    const own = run.target?.port;
    const keepsOwn =
      target.port !== undefined && (own === undefined || !block.excludedPorts.includes(String(own)));
    const ports = block.ports.length === 0 || keepsOwn ? [target.port] : block.ports.map(Number);
    return ports.flatMap(port => (port === undefined ? [] : [{ target: { ...target, port }, isTls }]));
  });
}

/** True when the verdict hangs on a fingerprint that is taken with connections of its own, whatever this one said. */
function asksForItself({ operators }: TcpBlock): boolean {
  return [...operators.matchers, ...operators.extractors].some(
    each => each.type === 'dsl' && each.expressions.some(({ source }) => source.includes('jarm(')),
  );
}

async function runAddress(
  address: { target: Target; isTls: boolean },
  block: TcpBlock,
  run: TemplateRun,
  prefix: string,
  scope: RequestScope,
): Promise<boolean> {
  const { services } = run;
  const { target, isTls } = address;
  await services.rate.acquire(services.signal);
  await services.hostRate.acquire(target.host, services.signal);
  services.counters.requests += 1;
  let talk: Conversation;
  try {
    const stream = await services.transport.connect(target.host, portOf(target), {
      isTls,
      timeoutMs: services.settings.timeoutMs,
      ...(services.signal === undefined ? {} : { signal: services.signal }),
    });
    try {
      talk = await converse(stream, block, scope);
    } finally {
      stream.on('error', () => undefined);
      stream.destroy();
    }
  } catch (error) {
    services.counters.errors += 1;
    run.failures += 1;
    services.warn(`${run.template.id}: ${messageOf(error)}`);
    return false;
  }
  if (talk.raw === '' && !asksForItself(block)) return false;
  const matched = `${target.host}:${portOf(target)}`;
  const values = new Map<string, DslValue>([
    ['host', run.target?.input ?? matched],
    ['matched', matched],
    ['type', 'tcp'],
    ['request', talk.sent],
    ['data', talk.data],
    ['body', talk.data],
    ['all', talk.data],
    ['raw', talk.raw],
    ['response', talk.raw],
    ['port', String(portOf(target))],
    ...(talk.ip === '' ? [] : [['ip', talk.ip] as [string, DslValue]]),
    ...talk.named,
  ]);
  run.export(prefix, values);
  const verdict = await operate(block.operators, new EventData(values, scope.get), services);
  run.remember(verdict.internal);
  return run.report(verdict, {
    type: 'tcp',
    matchedAt: matched,
    request: talk.sent,
    response: talk.raw,
    ip: talk.ip,
    target: { ...target, scheme: '' },
    payloads: scope.payloadValues(),
  });
}

/** Runs a TCP block with one set of payloads. True when an address matched. */
export async function runTcpBlock(
  block: TcpBlock,
  run: TemplateRun,
  prefix: string,
  payloads: PayloadSet,
): Promise<boolean> {
  const oastNames: OastName[] = [];
  const scope = run.scope(payloads, run.targetVariables(false), run.dynamic, oastNames);
  let isMatched = false;
  for (const address of addressesOf(block, run, scope)) {
    isMatched = (await runAddress(address, block, run, prefix, scope)) || isMatched;
    if (isMatched && (block.isStopAtFirstMatch || run.template.isStopAtFirstMatch)) break;
  }
  return isMatched;
}
