import { bytesOfText } from '../bytes.ts';
import { TemplateError, UnsupportedError } from '../errors.ts';
import { checkFlow } from '../run/flow.ts';
import type { YamlValue } from '../yaml/load-yaml.ts';
import { compileText } from '../dsl/compile.ts';
import { FieldReader, isMap, scalarText, toJson } from './field-reader.ts';
import type { Block, Template, Variable, WorkflowStep } from './model.ts';
import { readHttpBlock } from './read-http.ts';
import { readInfo } from './read-info.ts';
import type { PayloadFiles } from './read-payloads.ts';
import {
  readDnsBlock,
  readFileBlock,
  readSslBlock,
  readTcpBlock,
  readWebsocketBlock,
} from './read-streams.ts';
import type { BlockContext } from './read-streams.ts';

/** How a template is read. */
export interface ReadOptions {
  /** Where it came from. */
  readonly path: string;
  /** Reads a payload file from an allowed place. */
  readonly files: PayloadFiles;
  /** Compiles every pattern and expression now; off for templates known to be good. */
  readonly isChecked: boolean;
  /** Refuses unknown keys. */
  readonly isStrict: boolean;
}

const ID = /^(?:[a-zA-Z0-9]+[-_])*[a-zA-Z0-9]+$/;
/** Protocols of the format that are not built here. */
const REFUSED = ['code', 'headless', 'javascript', 'whois', 'fuzzing'] as const;
const SYNONYMS = [['http', 'requests'], ['tcp', 'network']] as const; // prettier-ignore
const OAST_MARK = /interactsh[-_]/;
const MAX_BLOCKS = 100;

type BlockReader = (reader: FieldReader, context: BlockContext) => Block;
const READERS: Readonly<Record<string, BlockReader>> = {
  http: (reader, context) => readHttpBlock(reader, context.files, context.isChecked, context.used),
  requests: (reader, context) => readHttpBlock(reader, context.files, context.isChecked, context.used),
  tcp: readTcpBlock,
  network: readTcpBlock,
  dns: readDnsBlock,
  ssl: readSslBlock,
  websocket: readWebsocketBlock,
  file: readFileBlock,
};

function readVariables(reader: FieldReader, key: string): Variable[] {
  return reader.entries(key).map(([name, value]) => {
    const textOf = (item: YamlValue): ReturnType<typeof compileText> => {
      const text = item === null ? '' : scalarText(item);
      if (text === undefined) throw new TemplateError(`${key}: ${name} must be a text or a list of texts`);
      return compileText(bytesOfText(text));
    };
    return { name: bytesOfText(name), value: Array.isArray(value) ? value.map(textOf) : textOf(value) };
  });
}

function readSteps(readers: readonly FieldReader[], depth: number): WorkflowStep[] {
  if (depth > 10) throw new TemplateError('workflows: subtemplates are nested deeper than 10 levels');
  return readers.map(reader => {
    const step: WorkflowStep = {
      template: reader.text('template'),
      tags: reader.words('tags'),
      matchers: reader.readers('matchers').map(matcher => {
        const names = matcher.texts('name', true).flatMap(name => name.split(',')).map(name => name.trim()); // prettier-ignore
        const join = matcher.text('condition').toLowerCase() === 'and' ? 'and' : 'or';
        const steps = readSteps(matcher.readers('subtemplates'), depth + 1);
        matcher.refuseUnknown();
        return { names, join, steps };
      }),
      steps: readSteps(reader.readers('subtemplates'), depth + 1),
    };
    if (step.template === '' && step.tags.length === 0)
      throw new TemplateError('workflows: a step needs template or tags');
    reader.refuseUnknown();
    return step;
  });
}

function readBlocks(reader: FieldReader, root: YamlValue, options: ReadOptions): Block[] {
  for (const key of REFUSED) if (reader.has(key)) throw new UnsupportedError(key);
  for (const [now, before] of SYNONYMS) {
    if (reader.has(now) && reader.has(before))
      throw new TemplateError(`${now} and ${before} are the same; keep one`);
  }
  const variables = JSON.stringify([reader.json('variables') ?? null, reader.json('flow') ?? null]);
  const keys = isMap(root) ? Object.keys(root).filter(key => Object.hasOwn(READERS, key)) : [];
  const blocks = keys.flatMap(key => {
    const read = READERS[key];
    return reader.readers(key).map(item => {
      const used =
        key === 'http' || key === 'requests'
          ? variables
          : JSON.stringify(isMap(root) ? toJson(root[key] ?? null) : null);
      return read === undefined
        ? []
        : [read(item, { files: options.files, isChecked: options.isChecked, used })];
    });
  });
  if (blocks.length > MAX_BLOCKS) throw new TemplateError(`more than ${MAX_BLOCKS} blocks`);
  return blocks.flat();
}

/** Builds a template from its YAML. Throws TemplateError (UnsupportedError for a refused feature) with the reason. */
export function readTemplate(root: YamlValue, options: ReadOptions): Template {
  const reader = new FieldReader(root, '');
  const id = reader.text('id').trim();
  if (!ID.test(id))
    throw new TemplateError(
      id === '' ? 'id is missing' : `id ${id} must be words of letters and digits joined by - or _`,
    );
  if (!reader.has('info')) throw new TemplateError('info is missing');
  const info = readInfo(new FieldReader(reader.raw('info'), 'info'), options.isStrict);
  if (reader.has('signature')) throw new UnsupportedError('signature');
  const blocks = readBlocks(reader, root, options);
  const workflow = readSteps(reader.readers('workflows'), 0);
  const flow = reader.text('flow').trim();
  if (blocks.length === 0 && workflow.length === 0) throw new TemplateError('the template has no requests');
  if (flow !== '') checkFlow(flow);
  const template: Template = {
    id,
    path: options.path,
    info,
    variables: readVariables(reader, 'variables'),
    constants: readVariables(reader, 'constants'),
    blocks,
    flow: flow === '' ? undefined : flow,
    workflow,
    isSelfContained: reader.flag('self-contained'),
    isStopAtFirstMatch: reader.flag('stop-at-first-match'),
    needsOast: OAST_MARK.test(JSON.stringify(isMap(root) ? toJson(root) : null)),
  };
  if (options.isStrict) reader.refuseUnknown();
  return template;
}
