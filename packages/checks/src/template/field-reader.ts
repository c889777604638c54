import { bytesOfText } from '../bytes.ts';
import { TemplateError } from '../errors.ts';
import { PlainScalar } from '../yaml/load-yaml.ts';
import type { YamlMap, YamlValue } from '../yaml/load-yaml.ts';
import type { JsonValue } from './model.ts';

const TRUE = new Set(['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'y', 'Y']);
const FALSE = new Set(['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'n', 'N', '']);

/** True for a mapping. */
export function isMap(value: YamlValue | undefined): value is YamlMap {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof PlainScalar)
  );
}

/** The source text of a scalar; undefined for lists, mappings and nothing. */
export function scalarText(value: YamlValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof PlainScalar) return value.value === null ? undefined : value.text;
  return undefined;
}

/** A value as plain JSON: typed scalars become numbers, booleans and null. */
export function toJson(value: YamlValue): JsonValue {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof PlainScalar) return value.value;
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

/** Reads the fields of one mapping by type and remembers which were asked for, so that unknown keys can be refused. */
export class FieldReader {
  private readonly map: YamlMap;
  private readonly where: string;
  private readonly seen = new Set<string>();

  constructor(value: YamlValue | undefined, where: string) {
    if (!isMap(value)) throw new TemplateError(`${where} must be a mapping`);
    this.map = value;
    this.where = where;
  }

  private fail(key: string, what: string): never {
    throw new TemplateError(`${this.where}: ${key} must be ${what}`);
  }

  /** The raw value of a key. */
  raw(key: string): YamlValue | undefined {
    this.seen.add(key);
    const value = this.map[key];
    return value instanceof PlainScalar && value.value === null ? null : value;
  }

  /** True when the key is there with a value. */
  has(key: string): boolean {
    const value = this.raw(key);
    return value !== undefined && value !== null;
  }

  /** Text as written, '' when absent. */
  text(key: string): string {
    const value = this.raw(key);
    if (value === undefined || value === null) return '';
    return scalarText(value) ?? this.fail(key, 'a text');
  }

  /** Text as a byte string. */
  bytes(key: string): string {
    return bytesOfText(this.text(key));
  }

  /** A boolean, false when absent. */
  flag(key: string): boolean {
    const text = this.text(key);
    if (TRUE.has(text)) return true;
    return FALSE.has(text) ? false : this.fail(key, 'true or false');
  }

  /** A whole number of at least 0; `fallback` when absent. */
  count(key: string, fallback: number): number {
    const value = this.raw(key);
    if (value === undefined || value === null) return fallback;
    const number = value instanceof PlainScalar ? value.value : Number(value);
    return typeof number === 'number' && Number.isInteger(number) && number >= 0
      ? number
      : this.fail(key, 'a whole number');
  }

  /** A list of texts; a single text is a list of one when `isLoose`. */
  texts(key: string, isLoose = false): string[] {
    const value = this.raw(key);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      const single = scalarText(value);
      return isLoose && single !== undefined ? [single] : this.fail(key, 'a list');
    }
    return value.map(
      item =>
        scalarText(item) ??
        (item === null || item instanceof PlainScalar ? '' : this.fail(key, 'a list of texts')),
    );
  }

  /** A list of texts as byte strings. */
  byteList(key: string, isLoose = false): string[] {
    return this.texts(key, isLoose).map(bytesOfText);
  }

  /** A list of whole numbers. */
  numbers(key: string): number[] {
    return this.texts(key).map(text => {
      const number = Number(text);
      return text !== '' && Number.isInteger(number) ? number : this.fail(key, 'a list of whole numbers');
    });
  }

  /** A list of mappings. */
  readers(key: string): FieldReader[] {
    const value = this.raw(key);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) return this.fail(key, 'a list');
    return value.map(
      (item, index) =>
        new FieldReader(item, `${this.where}${this.where === '' ? '' : '.'}${key}[${index + 1}]`),
    );
  }

  /** The entries of a mapping, in the order written. */
  entries(key: string): [string, YamlValue][] {
    const value = this.raw(key);
    if (value === undefined || value === null) return [];
    return isMap(value) ? Object.entries(value) : this.fail(key, 'a mapping');
  }

  /** The value of the key as plain JSON; undefined when absent. */
  json(key: string): JsonValue | undefined {
    const value = this.raw(key);
    return value === undefined || value === null ? undefined : toJson(value);
  }

  /** A comma list or a list: trimmed, without empty items. */
  words(key: string): string[] {
    return this.texts(key, true)
      .flatMap(text => text.split(','))
      .map(text => text.trim())
      .filter(text => text !== '');
  }

  /** Throws TemplateError for the first key that nothing asked for. */
  refuseUnknown(): void {
    const unknown = Object.keys(this.map).find(key => !this.seen.has(key));
    if (unknown !== undefined)
      throw new TemplateError(`${this.where === '' ? 'template' : this.where}: unknown key ${unknown}`);
  }
}
