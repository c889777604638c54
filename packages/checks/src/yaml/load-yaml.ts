import { FAILSAFE_SCHEMA, NOT_RESOLVED, defineMappingTag, defineScalarTag, loadAll, mergeTag } from 'js-yaml';
import { TemplateError, messageOf } from '../errors.ts';

/** A plain (unquoted) scalar that YAML would type: kept with its source, because string fields want the source text. */
export class PlainScalar {
  /** The text as written. */
  readonly text: string;
  /** The typed value under the YAML 1.1 rules of Go's yaml.v2. */
  readonly value: number | boolean | null;

  constructor(text: string, value: number | boolean | null) {
    this.text = text;
    this.value = value;
  }
}

/** What a YAML document becomes here. */
export type YamlValue = string | PlainScalar | null | YamlValue[] | YamlMap;
/** A mapping; made without a prototype, so that no key of a file can reach one. */
export interface YamlMap {
  [key: string]: YamlValue;
}

/** Limits of one YAML document. */
export interface YamlLimits {
  /** Characters of source text. */
  readonly maxChars: number;
  /** Nodes after aliases are expanded. */
  readonly maxNodes: number;
  /** Nesting depth, aliases included. */
  readonly maxDepth: number;
}

/** Room for the largest public template (1.25 MB, 60,000 nodes) with a margin. */
export const DEFAULT_YAML_LIMITS: YamlLimits = { maxChars: 8_000_000, maxNodes: 500_000, maxDepth: 40 };

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  yes: true,
  Yes: true,
  YES: true,
  on: true,
  On: true,
  ON: true,
  y: true,
  Y: true,
  false: false,
  False: false,
  FALSE: false,
  no: false,
  No: false,
  NO: false,
  off: false,
  Off: false,
  OFF: false,
  n: false,
  N: false,
};
const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const DECIMAL = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const RADIX = /^([-+]?)0([xob]?)([0-9a-fA-F_]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;
const RADIX_OF: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2, '': 8 };
const TYPED_FIRST = [...'0123456789+-.~nNtTyYfFoO', ''];

function integerOf(source: string): number | undefined {
  if (DECIMAL.test(source)) return Number(source.replaceAll('_', ''));
  const match = RADIX.exec(source);
  if (match === null) return undefined;
  const digits = (match[3] ?? '').replaceAll('_', '');
  const radix = RADIX_OF[match[2] ?? ''] ?? 8;
  if (!new RegExp(radix === 16 ? '^[0-9a-fA-F]+$' : radix === 8 ? '^[0-7]+$' : '^[01]+$').test(digits))
    return undefined;
  const value = Number.parseInt(digits, radix);
  return match[1] === '-' ? -value : value;
}

function plainScalar(source: string): PlainScalar | typeof NOT_RESOLVED {
  if (NULLS.has(source)) return new PlainScalar(source, null);
  const bool = Object.hasOwn(BOOLEANS, source) ? BOOLEANS[source] : undefined;
  if (bool !== undefined) return new PlainScalar(source, bool);
  const integer = integerOf(source);
  if (integer !== undefined) return new PlainScalar(source, integer);
  if (FLOAT.test(source)) return new PlainScalar(source, Number(source.replaceAll('_', '')));
  return NOT_RESOLVED;
}

const plainTag = defineScalarTag<PlainScalar>('tag:yaml.org,2002:plain', {
  implicit: true,
  implicitFirstChars: TYPED_FIRST,
  resolve: plainScalar,
  identify: () => false,
});
const keyText = (key: unknown): string | undefined =>
  key instanceof PlainScalar ? key.text : typeof key === 'string' ? key : undefined;

const mapTag = defineMappingTag<Record<string, unknown>>('tag:yaml.org,2002:map', {
  create: () => Object.create(null) as Record<string, unknown>,
  addPair: (map, key, value) => {
    const text = keyText(key);
    if (text === undefined) return 'a mapping key must be a plain word';
    map[text] = value;
    return '';
  },
  has: (map, key) => (keyText(key) ?? '') in map,
  keys: map => Object.keys(map),
  get: (map, key) => map[keyText(key) ?? ''],
  identify: () => false,
});
const SCHEMA = FAILSAFE_SCHEMA.withTags(mergeTag, plainTag, mapTag);

/** Rebuilds the parsed value without prototypes, with aliases expanded and counted. */
function copyValue(value: unknown, depth: number, budget: { left: number }, limits: YamlLimits): YamlValue {
  budget.left -= 1;
  if (budget.left < 0)
    throw new TemplateError(`the YAML expands to more than ${limits.maxNodes} values; remove aliases`);
  if (depth > limits.maxDepth)
    throw new TemplateError(`the YAML is nested deeper than ${limits.maxDepth} levels`);
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || value instanceof PlainScalar) return value;
  if (Array.isArray(value)) return value.map(item => copyValue(item, depth + 1, budget, limits));
  if (typeof value !== 'object') throw new TemplateError('the YAML holds a value of an unknown kind');
  const map: YamlMap = Object.create(null);
  for (const [key, item] of Object.entries(value)) map[key] = copyValue(item, depth + 1, budget, limits);
  return map;
}

/**
 * Parses one YAML (or JSON) document of strings, lists and mappings.
 * Throws TemplateError for syntax errors, duplicate keys and documents beyond the limits.
 */
export function loadYaml(source: string, limits: YamlLimits = DEFAULT_YAML_LIMITS): YamlValue {
  if (source.length > limits.maxChars)
    throw new TemplateError(`the file is larger than ${limits.maxChars} characters`);
  let parsed: unknown;
  try {
    // A second document behind the first is left alone, as Go's decoder does.
    [parsed] = loadAll(source, {
      schema: SCHEMA,
      maxDepth: limits.maxDepth,
      maxAliases: 1000,
      maxTotalMergeKeys: 1000,
    });
  } catch (error) {
    throw new TemplateError(`not valid YAML: ${messageOf(error).split('\n', 1)[0] ?? ''}`);
  }
  return copyValue(parsed, 0, { left: limits.maxNodes }, limits);
}
