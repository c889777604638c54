import { isIP } from 'node:net';
import type { DslValue } from '../dsl/values.ts';
import { messageOf } from '../errors.ts';
import { EventData } from '../match/event-data.ts';
import { operate } from '../match/operate.ts';
import type { DnsBlock } from '../template/model.ts';
import type { PayloadSet } from '../run/payload-sets.ts';
import type { OastName, TemplateRun } from '../run/template-run.ts';
import { unresolvedIn } from '../run/unresolved.ts';
import { formatMessage } from './dns-format.ts';

const CLASSES: Readonly<Record<string, string>> = {
  INET: 'IN',
  CSNET: 'CS',
  CHAOS: 'CH',
  HESIOD: 'HS',
  NONE: 'IN',
  ANY: 'ANY',
};

/** An address as the name under which its PTR record lies. */
function reverseName(address: string): string {
  if (isIP(address) === 4) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  return address;
}

/** Asks the question of a DNS block and runs its operators over the answer. True when they matched. */
export async function runDnsBlock(
  block: DnsBlock,
  run: TemplateRun,
  prefix: string,
  payloads: PayloadSet,
): Promise<boolean> {
  const { services } = run;
  const oastNames: OastName[] = [];
  const scope = run.scope(payloads, run.targetVariables(false), run.dynamic, oastNames);
  const rendered = block.name.render(scope);
  if (unresolvedIn(rendered) !== undefined) {
    services.counters.unresolved += 1;
    return false;
  }
  const name = block.type === 'PTR' ? reverseName(rendered) : rendered;
  if (block.type !== 'PTR' && isIP(name) !== 0) return false;
  await services.rate.acquire(services.signal);
  services.counters.requests += 1;
  let text: ReturnType<typeof formatMessage>;
  try {
    const packet = await services.dns.query({
      name,
      type: block.type,
      class: CLASSES[block.class] ?? 'IN',
      isRecursive: block.isRecursive,
      servers: block.resolvers.map(resolver => resolver.render(scope)),
      timeoutMs: services.settings.timeoutMs,
      attempts: Math.max(block.retries, 1),
      signal: services.signal,
    });
    text = formatMessage(packet);
  } catch (error) {
    services.counters.errors += 1;
    run.failures += 1;
    services.warn(`${run.template.id}: ${messageOf(error)}`);
    return false;
  }
  const question = `;${name}.\t${CLASSES[block.class] ?? 'IN'}\t ${block.type}`;
  const values = new Map<string, DslValue>([
    ['host', run.target?.input ?? name],
    ['matched', name],
    ['type', 'dns'],
    ['request', question],
    ['rcode', text.rcode],
    ['question', text.question],
    ['answer', text.answer],
    ['ns', text.ns],
    ['extra', text.extra],
    ['raw', text.raw],
    ['body', text.raw],
    ['all', text.raw],
    ['response', text.raw],
  ]);
  run.export(prefix, values);
  const verdict = await operate(block.operators, new EventData(values, scope.get), services);
  run.remember(verdict.internal);
  const facts = {
    type: 'dns',
    matchedAt: name,
    request: question,
    response: text.raw,
    ip: '',
    target: run.target,
    payloads: scope.payloadValues(),
  };
  return run.report(verdict, facts);
}
