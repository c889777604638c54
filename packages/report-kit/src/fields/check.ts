import { RE2JS } from 're2js';
import type { Message } from '../message.ts';
import { findCwe, parseCvss, parseCwe } from '../scores/index.ts';
import { coerceValues, isDay } from './coerce.ts';
import { holds, isEmptyField } from './condition.ts';
import type { FieldDefinition, StringDefinition } from './definition.ts';
import { isJsonObject, ownValue } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** What a check is told about the document. */
export interface CheckOptions {
  /** Put in front of every path, e.g. `findings[2]`. */
  readonly path?: string;
  /** The people that a field may name; unknown ids are reported when given. */
  readonly userIds?: ReadonlySet<string>;
}

const TODO = /(?<![\p{L}\p{N}_-])(?:TODO|ToDo|To-Do|TO-DO)(?![\p{L}\p{N}_-])/u;
const MAX_MESSAGES = 1000;
const MAX_PATTERN_TEXT = 100_000;

type Report = (level: Message['level'], code: string, path: string, text: string) => void;

const name = (definition: FieldDefinition): string =>
  `“${(definition.label ?? '') || definition.id || 'Item'}”`;

/** Why a pattern cannot be run; it is compiled without look-arounds, so that no text can make it slow. */
export function patternFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^error parsing regexp: /, '').slice(0, 100) : '';
    return `its pattern cannot be used (${reason}): write a regular expression without look-ahead, look-behind and back-references in the design`;
  }
}

/** Whether the whole of a text fits a pattern that can be run. */
export const fitsPattern = (pattern: string, text: string): boolean =>
  RE2JS.compile(pattern).matches(text.slice(0, MAX_PATTERN_TEXT));

function checkString(definition: StringDefinition, value: string, path: string, report: Report): void {
  if (!definition.pattern) return;
  const fault = patternFault(definition.pattern);
  if (fault !== undefined)
    report('warning', 'pattern-unusable', path, `${name(definition)} was not checked: ${fault}.`);
  else if (!fitsPattern(definition.pattern, value))
    report(
      'error',
      'pattern-mismatch',
      path,
      `${name(definition)} does not fit its pattern ${definition.pattern.slice(0, 100)}: write it in that form.`,
    );
}

function checkCvss(
  definition: FieldDefinition & { type: 'cvss' },
  value: string,
  path: string,
  report: Report,
): void {
  const parsed = parseCvss(value);
  if ('error' in parsed)
    report('error', 'cvss-invalid', path, `${name(definition)} is no CVSS vector: ${parsed.error}`);
  else if (definition.cvss_version && definition.cvss_version !== `CVSS:${parsed.version}`)
    report(
      'error',
      'cvss-version',
      path,
      `${name(definition)} is scored with CVSS ${parsed.version}, and the design wants ${definition.cvss_version}: score it again.`,
    );
}

function checkNumber(
  definition: FieldDefinition & { type: 'number' },
  value: number,
  path: string,
  report: Report,
): void {
  const { minimum, maximum } = definition;
  if (typeof minimum === 'number' && value < minimum)
    report(
      'error',
      'number-range',
      path,
      `${name(definition)} is ${value}, and the least allowed is ${minimum}: correct it.`,
    );
  if (typeof maximum === 'number' && value > maximum)
    report(
      'error',
      'number-range',
      path,
      `${name(definition)} is ${value}, and the most allowed is ${maximum}: correct it.`,
    );
}

function checkText(
  definition: FieldDefinition,
  value: string,
  path: string,
  options: CheckOptions,
  report: Report,
): void {
  if (TODO.test(value))
    report(
      'warning',
      'todo-left',
      path,
      `${name(definition)} still has something marked TODO: do it, or take the mark out.`,
    );
  switch (definition.type) {
    case 'string':
      return checkString(definition, value, path, report);
    case 'cvss':
      return checkCvss(definition, value, path, report);
    case 'cwe':
      if (parseCwe(value) === undefined || findCwe(value) === undefined)
        report(
          'error',
          'cwe-unknown',
          path,
          `${name(definition)} is “${value.slice(0, 50)}”, which MITRE's list does not have: write CWE- and a number, such as CWE-79.`,
        );
      return;
    case 'date':
      if (!isDay(value))
        report('error', 'date-invalid', path, `${name(definition)} is no day: write it as YYYY-MM-DD.`);
      return;
    case 'enum':
      if (!definition.choices.some(choice => choice.value === value))
        report(
          'error',
          'choice-unknown',
          path,
          `${name(definition)} is “${value.slice(0, 100)}”, which is none of its choices: choose one of them.`,
        );
      return;
    case 'user':
      if (options.userIds && !options.userIds.has(value))
        report(
          'error',
          'user-unknown',
          path,
          `${name(definition)} names a person who is no member: choose a member.`,
        );
      return;
    default:
  }
}

const TYPE_OF: Readonly<Partial<Record<FieldDefinition['type'], 'number' | 'boolean'>>> = {
  number: 'number',
  boolean: 'boolean',
};
const WANTED = { number: 'a number', boolean: 'yes or no', string: 'text' } as const;

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a group of fields';
  return WANTED[typeof value as keyof typeof WANTED];
}

const mismatch = (definition: FieldDefinition, wanted: string, value: Json): string =>
  `${name(definition)} should be ${wanted} and is ${kindOf(value)}: enter it again.`;

function checkValue(
  definition: FieldDefinition,
  value: Json | undefined,
  path: string,
  options: CheckOptions,
  report: Report,
): void {
  if (definition.type === 'object') {
    if (value === undefined || value === null || isJsonObject(value))
      return checkAll(definition.properties, isJsonObject(value) ? value : {}, path, options, report);
    return report('error', 'type-mismatch', path, mismatch(definition, 'a group of fields', value));
  }
  if (isEmptyField(definition, value)) {
    if ('required' in definition && definition.required === true)
      report('warning', 'field-empty', path, `${name(definition)} is required and empty: fill it in.`);
    return;
  }
  if (definition.type === 'list') {
    if (!Array.isArray(value))
      return report('error', 'type-mismatch', path, mismatch(definition, 'a list', value ?? ''));
    for (const [index, item] of (value as readonly Json[]).entries())
      checkValue(definition.items, item, `${path}[${index}]`, options, report);
    return;
  }
  const wanted = TYPE_OF[definition.type] ?? 'string';
  if (typeof value !== wanted)
    report('error', 'type-mismatch', path, mismatch(definition, WANTED[wanted], value ?? ''));
  else if (typeof value === 'string') checkText(definition, value, path, options, report);
  else if (typeof value === 'number' && definition.type === 'number')
    checkNumber(definition, value, path, report);
}

function checkAll(
  definitions: readonly FieldDefinition[],
  values: JsonObject,
  path: string,
  options: CheckOptions,
  report: Report,
): void {
  const shaped = definitions.some(({ condition }) => condition !== undefined)
    ? coerceValues(definitions, values)
    : values;
  for (const definition of definitions) {
    if (!holds(definition.condition, shaped)) continue;
    const inner = path === '' ? definition.id : `${path}.${definition.id}`;
    checkValue(definition, ownValue(values, definition.id), inner, options, report);
  }
}

/**
 * Checks stored values against their fields: what is empty and required, out of range, of the wrong form, or still to do.
 * Fields whose condition does not hold are not checked. At most 1,000 messages, the last saying that there are more.
 */
export function checkFields(
  definitions: readonly FieldDefinition[],
  values: JsonObject,
  options: CheckOptions = {},
): Message[] {
  const messages: Message[] = [];
  checkAll(definitions, values, options.path ?? '', options, (level, code, path, text) => {
    if (messages.length < MAX_MESSAGES) messages.push({ level, code, text, location: { path } });
    else if (messages.length === MAX_MESSAGES)
      messages.push({
        level: 'warning',
        code: 'more-messages',
        text: `There are more than ${MAX_MESSAGES} problems: mend these first.`,
      });
  });
  return messages;
}
