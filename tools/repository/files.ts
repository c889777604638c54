/** The files of the repository as a person would commit them, read once. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';

/** The repository root, absolute. */
export const root = dirname(dirname(import.meta.dirname));

/** One text file; `path` is relative to the root, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Folders that are never part of the repository: installed, built, or data of a run. */
const OUTSIDE = new Set(['.git', 'node_modules', 'dist', 'out', 'coverage', '.glacis', '.vite', 'shared']);
const TEXT = new Set(
  '.ts .mts .mjs .js .vue .css .html .json .jsonc .md .sql .yaml .yml .txt .toml .svg'.split(' '),
);
/** Files without an extension that are text all the same. */
const NAMED = new Set(['.npmrc', '.gitignore', '.prettierignore', 'LICENSE', 'run']);

/** Every path of the repository, sorted. */
export function allPaths(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => !OUTSIDE.has(entry.name) && !entry.name.endsWith('.log'))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? allPaths(path) : [relative(root, path).split(sep).join('/')];
    })
    .sort();
}

/** Every text file of the repository but the lockfile. */
export function textFiles(): TextFile[] {
  return allPaths()
    .filter(path => TEXT.has(extname(path)) || NAMED.has(path.split('/').at(-1) ?? ''))
    .filter(path => path !== 'package-lock.json')
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** True for what is written in TypeScript or JavaScript, Vue components included. */
export function isCode(path: string): boolean {
  return /\.(ts|mjs|js|vue)$/.test(path) && !/\/fixtures\//.test(path);
}

/** True for tests, benchmarks and what only they load. */
export function isTest(path: string): boolean {
  return /\.(test|sample)\.ts$|\/(test|e2e|bench|testing|fixtures)\/|\/testing\.ts$/.test(path);
}

/** True for files that a generator wrote or that are plain tables; their first lines say so. */
export function isGenerated(file: TextFile): boolean {
  return /\.generated\./.test(file.path) || /do not edit|^\/\*\* Table: /i.test(file.text.slice(0, 400));
}
