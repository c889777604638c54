/** What the rules need to know about a source file, read with the TypeScript parser. */
import ts from 'typescript';
import type { TextFile } from './files.ts';

/** One import or re-export. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Erased by type stripping: nothing of the module is loaded. */
  readonly isTypeOnly: boolean;
  /** Names taken from the module; `*` for all of it, `default` for its default export. */
  readonly names: readonly string[];
}

const cache = new Map<string, ts.SourceFile>();

/** Parses a file; of a Vue component only its script, at its own line numbers. */
export function parse(file: TextFile): ts.SourceFile {
  const known = cache.get(file.path);
  if (known && known.text === scriptOf(file)) return known;
  const kind = /\.(mjs|js)$/.test(file.path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file.path, scriptOf(file), ts.ScriptTarget.ES2024, true, kind);
  cache.set(file.path, source);
  return source;
}

function scriptOf(file: TextFile): string {
  if (!file.path.endsWith('.vue')) return file.text;
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  let script = '';
  let end = 0;
  for (const match of file.text.matchAll(/(<script\b[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = match.index + (match[1]?.length ?? 0);
    script += blank(file.text.slice(end, start)) + (match[2] ?? '');
    end = start + (match[2]?.length ?? 0);
  }
  return script;
}

/** Line of a node, from 1. */
export function lineOf(node: ts.Node): number {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** Calls `visit` for every node of a file, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, child => walk(child, visit));
}

const imports = new WeakMap<ts.SourceFile, readonly Import[]>();

/** Every import, re-export and literal dynamic import of a file. */
export function importsOf(file: TextFile): readonly Import[] {
  const source = parse(file);
  const known = imports.get(source) ?? readImports(file);
  imports.set(source, known);
  return known;
}

function readImports(file: TextFile): Import[] {
  const found: Import[] = [];
  walk(parse(file), node => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ specifier: node.moduleSpecifier.text, line: lineOf(node), ...takenBy(node.importClause) });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      const clause = node.exportClause;
      const elements = clause && ts.isNamedExports(clause) ? clause.elements : undefined;
      found.push({
        specifier: node.moduleSpecifier.text,
        line: lineOf(node),
        isTypeOnly:
          node.isTypeOnly || (elements !== undefined && elements.every(element => element.isTypeOnly)),
        names: elements ? elements.map(element => (element.propertyName ?? element.name).text) : ['*'],
      });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument))
        found.push({ specifier: argument.text, line: lineOf(node), isTypeOnly: false, names: ['*'] });
    }
  });
  return found;
}

function takenBy(clause: ts.ImportClause | undefined): Pick<Import, 'isTypeOnly' | 'names'> {
  if (!clause) return { isTypeOnly: false, names: [] };
  const bindings = clause.namedBindings;
  const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
  const names = [
    ...(clause.name ? ['default'] : []),
    ...(bindings && ts.isNamespaceImport(bindings) ? ['*'] : []),
    ...elements.map(element => (element.propertyName ?? element.name).text),
  ];
  const isEveryNameType =
    elements.length > 0 && !clause.name && elements.every(element => element.isTypeOnly);
  return { isTypeOnly: clause.phaseModifier === ts.SyntaxKind.TypeKeyword || isEveryNameType, names };
}

/** The package a specifier names, without sub-path; undefined for relative paths and Node’s own modules. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|\/|node:|#|virtual:|~)/.test(specifier)) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}
