import { bytesOfText } from '../bytes.ts';
import { compileText } from '../dsl/compile.ts';
import type { TextTemplate } from '../dsl/compile.ts';
import { TemplateError } from '../errors.ts';
import { scalarText, type FieldReader } from './field-reader.ts';
import type { YamlValue } from '../yaml/load-yaml.ts';
import type { Attack, Payloads } from './model.ts';

/** Reads a file that a template names, as bytes; undefined when no allowed place holds it. */
export type PayloadFiles = (name: string) => string | undefined;

/** Most values of one payload list. */
const MAX_VALUES = 1_000_000;
const ATTACKS: readonly Attack[] = ['batteringram', 'pitchfork', 'clusterbomb'];

function attackOf(reader: FieldReader): Attack {
  const text = reader.text('attack').trim().toLowerCase();
  if (text === '') return 'batteringram';
  const attack = ATTACKS.find(known => known === text);
  if (attack === undefined) throw new TemplateError(`unknown attack ${text}`);
  return attack;
}

function linesOfFile(name: string, files: PayloadFiles): string[] {
  const content = files(name);
  if (content === undefined) throw new TemplateError(`the payload file ${name} is not among the templates`);
  return content
    .split('\n')
    .map(line => line.replace(/\r$/, ''))
    .filter(line => line !== '');
}

function valuesOf(name: string, value: YamlValue, files: PayloadFiles): string[] {
  if (Array.isArray(value)) {
    return value.map(item => {
      const text = scalarText(item);
      if (text === undefined) throw new TemplateError(`payloads: ${name} must be a list of texts`);
      return bytesOfText(text);
    });
  }
  const text = scalarText(value);
  if (text === undefined) throw new TemplateError(`payloads: ${name} must be a list, lines or a file`);
  if (text.includes('\n'))
    return bytesOfText(text)
      .split('\n')
      .filter(line => line !== '');
  return linesOfFile(text, files);
}

/** One compiled text per distinct value, because lists are long and mostly constant. */
function compileValues(values: readonly string[]): TextTemplate[] {
  if (values.length > MAX_VALUES)
    throw new TemplateError(`a payload list has more than ${MAX_VALUES} values`);
  return values.map(value => compileText(value));
}

/** Reads `payloads` and `attack`; lists that `used` says nothing mentions are dropped. */
export function readPayloads(reader: FieldReader, files: PayloadFiles, used: string): Payloads | undefined {
  const attack = attackOf(reader);
  const entries = reader.entries('payloads').filter(([name]) => used.includes(name));
  if (entries.length === 0) return undefined;
  if (attack === 'batteringram' && entries.length > 1) {
    throw new TemplateError('attack batteringram takes one payload list; use pitchfork or clusterbomb');
  }
  const lists = entries.map(([name, value]) => {
    const values = valuesOf(name, value, files);
    if (values.length === 0) throw new TemplateError(`payloads: ${name} is empty`);
    return { name: bytesOfText(name), values: compileValues(values) };
  });
  return { attack, lists };
}
