/** Entry of a matching thread: runs operators over the events it is sent, one at a time. */
import { parentPort } from 'node:worker_threads';
import { Suspension } from '../dsl/values.ts';
import type { DslValue } from '../dsl/values.ts';
import { messageOf } from '../errors.ts';
import type { Operators } from '../template/model.ts';
import { EventData } from './event-data.ts';
import type { MatchingJob, MatchingReply, PartReference } from './matching-job.ts';
import { operateOnce } from './operate.ts';
import { operatorsOf } from './operators-source.ts';

const operatorsByNumber = new Map<number, Operators>();
const parts = new Map<number, string>();

function operatorsFor(job: MatchingJob): Operators {
  const known = operatorsByNumber.get(job.operators);
  if (known !== undefined) return known;
  if (job.source === undefined) throw new Error('the operators were not sent');
  const made = operatorsOf(job.source);
  operatorsByNumber.set(job.operators, made);
  return made;
}

const isReference = (value: DslValue | PartReference): value is PartReference =>
  typeof value === 'object' && value !== null && 'part' in value;

const valueOf = (value: DslValue | PartReference): DslValue =>
  isReference(value) ? (parts.get(value.part) ?? '') : value;

function answer(job: MatchingJob): MatchingReply {
  for (const number of job.forgotten) parts.delete(number);
  for (const [number, text] of job.parts) parts.set(number, text);
  const before = new Map(job.values.map(([name, value]) => [name, valueOf(value)]));
  const data = new EventData(new Map(before), () => undefined);
  data.effects = job.effects;
  try {
    const verdict = operateOnce(operatorsFor(job), data);
    const learned = [...data.values].filter(([name, value]) => before.get(name) !== value);
    return { kind: 'verdict', verdict, learned };
  } catch (error) {
    if (error instanceof Suspension) return { kind: 'waiting', name: error.name, args: error.args };
    return { kind: 'failed', message: messageOf(error) };
  }
}

parentPort?.on('message', (job: MatchingJob) => parentPort?.postMessage(answer(job), []));
