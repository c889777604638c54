import { messageOf } from '../errors.ts';
import { Suspension } from '../dsl/values.ts';
import type { DslValue } from '../dsl/values.ts';
import type { CookieJar } from '../http/cookies.ts';
import type { Target } from '../http/target.ts';
import { runDnsBlock } from '../protocols/dns-block.ts';
import { runFileBlock } from '../protocols/file-block.ts';
import { runSslBlock } from '../protocols/ssl-block.ts';
import { runTcpBlock } from '../protocols/tcp-block.ts';
import { runWebsocketBlock } from '../protocols/websocket-block.ts';
import type { Block, Template } from '../template/model.ts';
import { FlowError } from './flow-values.ts';
import { runFlow } from './flow.ts';
import { HttpBlockRun } from './http-block.ts';
import { countPayloadSets, payloadSets } from './payload-sets.ts';
import type { PayloadSet } from './payload-sets.ts';
import type { ScanServices } from './services.ts';
import { TemplateRun } from './template-run.ts';
import type { ResponseCache } from './template-run.ts';

/** What a run of a template came to. */
export interface Outcome {
  readonly isMatched: boolean;
  /** Matcher and extractor names that gave results. */
  readonly names: ReadonlySet<string>;
  /** Values of internal extractors, for workflows. */
  readonly values: ReadonlyMap<string, DslValue>;
  /** Requests that got no answer. */
  readonly failures: number;
}

/** State that templates of a workflow share. */
export interface SharedState {
  readonly jar: CookieJar;
  readonly context: Map<string, DslValue>;
}

function runOnce(
  block: Exclude<Block, { protocol: 'http' }>,
  run: TemplateRun,
  prefix: string,
  payloads: PayloadSet,
): Promise<boolean> {
  switch (block.protocol) {
    case 'dns':
      return runDnsBlock(block, run, prefix, payloads);
    case 'tcp':
      return runTcpBlock(block, run, prefix, payloads);
    case 'ssl':
      return runSslBlock(block, run, prefix, payloads);
    case 'websocket':
      return runWebsocketBlock(block, run, prefix, payloads);
    case 'file':
      return runFileBlock(block, run, prefix);
  }
}

async function runBlock(block: Block, run: TemplateRun, prefix: string): Promise<boolean> {
  const isVerdictless = block.operators.matchers.length === 0 && block.operators.extractors.length === 0;
  if (block.protocol === 'http') {
    if (run.target === undefined && !run.template.isSelfContained) return false;
    if (
      run.target !== undefined &&
      !['http', 'https'].includes(run.target.scheme) &&
      !run.template.isSelfContained
    )
      return false;
    const isMatched = await new HttpBlockRun(block, run, prefix).execute();
    return isMatched || isVerdictless;
  }
  const { payloads } = block;
  if (payloads === undefined) return (await runOnce(block, run, prefix, new Map())) || isVerdictless;
  const attack = run.services.settings.attack ?? payloads.attack;
  let [isMatched, left] = [
    false,
    Math.min(countPayloadSets(payloads, attack), run.services.settings.maxPayloadSets),
  ];
  for (const set of payloadSets(payloads, attack)) {
    if (left <= 0 || run.services.signal?.aborted === true) break;
    left -= 1;
    isMatched = (await runOnce(block, run, prefix, set)) || isMatched;
    if (isMatched && run.template.isStopAtFirstMatch) break;
  }
  return isMatched || isVerdictless;
}

/** The block's number within its protocol, from 1, and the prefix under which its values are exported. */
function numbered(template: Template): { block: Block; number: number; prefix: string }[] {
  const counts = new Map<string, number>();
  return template.blocks.map(block => {
    const number = (counts.get(block.protocol) ?? 0) + 1;
    counts.set(block.protocol, number);
    const isOnly = template.blocks.filter(other => other.protocol === block.protocol).length === 1;
    return {
      block,
      number,
      prefix: block.id !== '' ? block.id : isOnly ? block.protocol : `${block.protocol}_${number}`,
    };
  });
}

async function runByFlow(flow: string, run: TemplateRun): Promise<void> {
  const blocks = numbered(run.template);
  await runFlow(flow, {
    request: async (protocol, names) => {
      const wanted = blocks.filter(
        ({ block, number }) =>
          block.protocol === protocol &&
          (names.length === 0 ||
            names.includes(String(number)) ||
            (block.id !== '' && names.includes(block.id))),
      );
      let isMatched = false;
      for (const { block, prefix } of wanted) isMatched = (await runBlock(block, run, prefix)) || isMatched;
      return isMatched;
    },
    set: (name, value) => {
      run.context.set(name, value);
    },
    values: () =>
      new Map([
        ...run.targetVariables(false),
        ...run.services.settings.variables,
        ...run.context,
        ...run.dynamic,
      ]),
  });
}

/** Runs a template on a target (undefined for a self-contained one). Failures of requests are counted, not thrown. */
export async function executeTemplate(
  template: Template,
  target: Target | undefined,
  services: ScanServices,
  cache: ResponseCache,
  shared?: SharedState,
): Promise<Outcome> {
  const run = new TemplateRun(template, target, services, cache, shared?.jar, shared?.context);
  try {
    if (template.flow !== undefined) await runByFlow(template.flow, run);
    else {
      for (const { block, prefix } of numbered(template)) {
        if (services.signal?.aborted === true) break;
        const isMatched = await runBlock(block, run, prefix);
        if (isMatched && run.isMatched && template.isStopAtFirstMatch) break;
      }
    }
  } catch (error) {
    if (error instanceof Suspension) services.warn(`${template.id}: waits too often`);
    else if (error instanceof FlowError) services.warn(`${template.id}: flow: ${error.message}`);
    else if (services.signal?.aborted !== true) services.warn(`${template.id}: ${messageOf(error)}`);
  }
  return {
    isMatched: run.isMatched,
    names: run.names,
    values: new Map([...run.context, ...run.dynamic]),
    failures: run.failures,
  };
}
