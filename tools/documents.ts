/** What the documentation claims, checked against the repository. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, type TextFile } from './repository/files.ts';

/** A document that people read; fixtures are data. */
export function isDocument(path: string): boolean {
  return path.endsWith('.md') && !/\/fixtures\//.test(path);
}

/** Anchors that GitHub makes for the headings of a document. */
export function anchorsOf(text: string): Set<string> {
  return new Set(
    [...withoutCode(text).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) =>
      heading
        .replace(/[`*]|\[|\]\([^)]*\)/g, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Fenced code blanked out, lines kept. */
function withoutCode(text: string): string {
  return text.replace(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, block => block.replace(/[^\n]/g, ''));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Relative links and images that lead nowhere. */
export function brokenLinks(file: TextFile, documents: readonly TextFile[]): string[] {
  const text = withoutCode(file.text).replace(/`[^`\n]*`/g, code => ' '.repeat(code.length));
  return [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].flatMap(match => {
    const [path = '', anchor] = (match[1] ?? '').split('#');
    if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return [];
    const target = path === '' ? file.path : join(dirname(file.path), path);
    const at = `${file.path}:${lineAt(text, match.index)}`;
    if (!existsSync(join(root, target))) return [`${at} links to ${path}, which does not exist`];
    const document = documents.find(other => other.path === target);
    if (anchor && document && !anchorsOf(document.text).has(anchor))
      return [`${at} ${target} has no heading #${anchor}`];
    return [];
  });
}

/** `npm run x`, `npm test` and `npm start` that the root’s package.json, or the one named by `-w`, does not have. */
export function unknownScripts(file: TextFile, scriptsOf: (room: string) => ReadonlySet<string>): string[] {
  const pattern = /\bnpm (?:run ([a-z][\w:-]*)|(test|start)\b)(?: -w (\S+))?/g;
  return [...file.text.matchAll(pattern)].flatMap(match => {
    const [, script, builtIn, room = '.'] = match;
    const name = script ?? builtIn ?? '';
    return scriptsOf(room).has(name)
      ? []
      : [`${file.path}:${lineAt(file.text, match.index)} there is no script ${name}`];
  });
}

/** Options of `npm start` and `glacis` in code that the command line does not know. */
export function unknownOptions(file: TextFile, commandLine: string): string[] {
  return [...file.text.matchAll(/(?:npm start --|\bglacis [a-z]+)([^\n`#]*)/g)].flatMap(match =>
    [...(match[1] ?? '').matchAll(/(?<=^|\s)--([a-z][a-z-]*)/g)].flatMap(([, name = '']) => {
      const isKnown = name === 'help' || new RegExp(`['"\`]?\\b${name}['"\`]?: \\{ type:`).test(commandLine);
      return isKnown
        ? []
        : [`${file.path}:${lineAt(file.text, match.index)} the command has no option --${name}`];
    }),
  );
}

/** Environment variables of ours that the configuration does not read. */
export function unknownVariables(file: TextFile, known: ReadonlySet<string>): string[] {
  return [...file.text.matchAll(/\bGLACIS_[A-Z][A-Z_]*[A-Z]\b/g)].flatMap(match =>
    known.has(match[0])
      ? []
      : [`${file.path}:${lineAt(file.text, match.index)} there is no setting ${match[0]}`],
  );
}

/** Paths that `npm test` and `npm run check` are told to look below. */
export function pathsToRun(file: TextFile): { command: 'test' | 'check'; path: string; line: number }[] {
  return [...file.text.matchAll(/\bnpm (?:run )?(test|check) -- ([^\n`#·|]+)/g)].flatMap(match =>
    (match[2] ?? '')
      .trim()
      .split(/\s+/)
      .filter(path => /^(packages|apps|tools)\//.test(path) && !isExample(file, path))
      .map(path => ({
        command: match[1] === 'test' ? ('test' as const) : ('check' as const),
        path,
        line: lineAt(file.text, match.index),
      })),
  );
}

/** True for files that the document itself has the reader make with `npm run new:scanner`. */
function isExample(file: TextFile, path: string): boolean {
  const made = [...file.text.matchAll(/new:scanner -- ([a-z0-9-]+)/g)].map(match => match[1] ?? '');
  return made.some(name => path.includes(`/${name}.`));
}

/** Paths in code spans that start in a folder of ours and are not there. */
export function missingPaths(file: TextFile): string[] {
  return [...file.text.matchAll(/`((?:packages|apps|docs|tools)\/[\w./@-]+)`/g)].flatMap(match => {
    const path = match[1] ?? '';
    return existsSync(join(root, path)) || isExample(file, path)
      ? []
      : [`${file.path}:${lineAt(file.text, match.index)} there is no ${path}`];
  });
}
