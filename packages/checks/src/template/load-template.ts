import { randomInt } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { bytesOfBuffer } from '../bytes.ts';
import { TemplateError } from '../errors.ts';
import { DEFAULT_YAML_LIMITS, loadYaml } from '../yaml/load-yaml.ts';
import type { YamlLimits } from '../yaml/load-yaml.ts';
import type { Template } from './model.ts';
import type { PayloadFiles } from './read-payloads.ts';
import { readTemplate } from './read-template.ts';

/** How templates are loaded. */
export interface LoadOptions {
  /** Folder below which payload files may lie; the template's own folder when absent. */
  readonly root?: string;
  /** Unknown keys are ignored instead of refused. */
  readonly isLenient?: boolean;
  readonly limits?: YamlLimits;
  /** Skips compiling every pattern: for sources that were found good before. */
  readonly isTrusted?: boolean;
}

const RANDSTR = /\{\{randstr(?:_[a-z0-9_]+)?\}\}/g;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const RANDSTR_LENGTH = 27;
const MAX_PAYLOAD_FILE = 32 * 1024 * 1024;

/** Replaces each `{{randstr}}` name with one random word for this loading of the template. */
export function replaceRandstr(source: string): string {
  if (!source.includes('{{randstr')) return source;
  const words = new Map<string, string>();
  return source.replace(RANDSTR, marker => {
    let word = words.get(marker);
    if (word === undefined) {
      word = Array.from({ length: RANDSTR_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)] ?? 'a').join(
        '',
      );
      words.set(marker, word);
    }
    return word;
  });
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

function readIfFile(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return undefined;
  if (stat.size > MAX_PAYLOAD_FILE)
    throw new TemplateError(`the payload file ${path} is larger than ${MAX_PAYLOAD_FILE} bytes`);
  return bytesOfBuffer(readFileSync(path));
}

/** Payload files next to the template, in its parent folders up to `root`, or at the same path below `root`. */
export function payloadFilesOf(path: string, root: string): PayloadFiles {
  const [folder, top] = [dirname(resolve(path)), resolve(root)];
  return name => {
    if (name.includes('\0') || isAbsolute(name)) return undefined;
    const folders = [folder];
    for (let parent = folder; parent !== top && parent.startsWith(top + sep);) {
      parent = dirname(parent);
      folders.push(parent);
    }
    if (!folders.includes(top)) folders.push(top);
    for (const base of folders) {
      const candidate = join(base, name);
      if (!isBelow(candidate, top) && !isBelow(candidate, folder)) continue;
      const content = readIfFile(candidate);
      if (content !== undefined) return content;
    }
    return undefined;
  };
}

/** Loads a template from its source text. Throws TemplateError with the reason when it is refused. */
export function loadTemplateSource(source: string, path: string, options: LoadOptions = {}): Template {
  const root = loadYaml(replaceRandstr(source), options.limits ?? DEFAULT_YAML_LIMITS);
  return readTemplate(root, {
    path,
    files: payloadFilesOf(path, options.root ?? dirname(path)),
    isChecked: options.isTrusted !== true,
    isStrict: options.isLenient !== true,
  });
}

/** Loads a template from a file of UTF-8 text. */
export function loadTemplateFile(path: string, options: LoadOptions = {}): Template {
  const bytes = readFileSync(path);
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TemplateError('the file is not UTF-8 text');
  }
  return loadTemplateSource(source, path, options);
}
