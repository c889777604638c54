import { TemplateError } from '../errors.ts';
import { FieldReader } from './field-reader.ts';
import { SEVERITIES } from './model.ts';
import type { JsonValue, Severity, TemplateInfo } from './model.ts';

const LIST_KEYS = ['cve-id', 'cwe-id'] as const;
const PLAIN_KEYS = ['cvss-metrics', 'cvss-score', 'epss-score', 'epss-percentile', 'cpe'] as const;

const lower = (words: readonly string[]): string[] => words.map(word => word.toLowerCase());

function severityOf(text: string): Severity {
  const spelled = text.trim().toLowerCase();
  if (spelled === '') return 'unknown';
  const severity = SEVERITIES.find(known => known === spelled);
  if (severity === undefined) throw new TemplateError(`info: unknown severity ${text}`);
  return severity;
}

function readClassification(info: FieldReader, isStrict: boolean): Record<string, JsonValue> | undefined {
  if (!info.has('classification')) return undefined;
  const reader = new FieldReader(info.raw('classification'), 'info.classification');
  const result: Record<string, JsonValue> = {};
  for (const key of LIST_KEYS) {
    const words = lower(reader.words(key));
    if (words.length > 0) result[key] = words;
    else if (key === 'cve-id') result[key] = null;
  }
  for (const key of PLAIN_KEYS) {
    const value = reader.json(key);
    if (value !== undefined) result[key] = value;
  }
  if (isStrict) reader.refuseUnknown();
  return result;
}

/** Reads `info`; a missing name or author refuses the template. */
export function readInfo(reader: FieldReader, isStrict: boolean): TemplateInfo {
  const name = reader.text('name').trim();
  const author = lower(reader.words('author'));
  if (name === '') throw new TemplateError('info: name is missing');
  if (author.length === 0) throw new TemplateError('info: author is missing');
  const metadata = reader.json('metadata');
  const classification = readClassification(reader, isStrict);
  const optional = (key: 'description' | 'impact' | 'remediation'): Record<string, string> => {
    const text = reader.text(key).trim();
    return text === '' ? {} : { [key]: text };
  };
  const info: TemplateInfo = {
    name,
    author,
    severity: severityOf(reader.text('severity')),
    tags: lower(reader.words('tags')),
    reference: reader
      .texts('reference', true)
      .flatMap(text => text.split(/[\n,]/))
      .map(text => text.trim())
      .filter(text => text !== ''),
    ...optional('description'),
    ...optional('impact'),
    ...optional('remediation'),
    ...(typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? { metadata } : {}),
    ...(classification === undefined ? {} : { classification }),
  };
  if (isStrict) reader.refuseUnknown();
  return info;
}
