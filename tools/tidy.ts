/** What the house style says about files, functions and exports, as rules. */
import ts from 'typescript';
import { isCode, isGenerated, isTest, type TextFile } from './repository/files.ts';
import { lineOf, parse, walk } from './repository/syntax.ts';

/** Longest file and function, lines. */
export const MAX_FILE_LINES = 500;
export const MAX_FUNCTION_LINES = 70;

const NAMED_IN_CAPITALS = /^(README|CONTRIBUTING|SECURITY|ARCHITECTURE|GLOSSARY|LICENSE|NOTICE)(\.md)?$/;
const KEBAB = /^_?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const EMPTY_WORDS = new Set(['utils', 'util', 'helpers', 'helper', 'misc', 'common', 'stuff']);

/** Names that are not kebab-case or say nothing. */
export function nameViolations(path: string): string[] {
  if (/\/fixtures\//.test(path)) return [];
  return path.split('/').flatMap(part => {
    const problems: string[] = [];
    if (!part.startsWith('.') && !NAMED_IN_CAPITALS.test(part) && !KEBAB.test(part))
      problems.push(`${path} is not kebab-case`);
    if (part.split('.').some(word => EMPTY_WORDS.has(word)))
      problems.push(`${path}: name it after what it holds`);
    return problems;
  });
}

/** Files that are too long. Generated files, and tables whose first line says “Table:”, may be longer. */
export function lengthViolations(file: TextFile): string[] {
  if (!/\.(ts|mjs|js|vue|css|html|sql)$/.test(file.path) || isGenerated(file)) return [];
  const lines = file.text.split('\n').length - 1;
  return lines > MAX_FILE_LINES ? [`${file.path} has ${lines} lines: split it by its nouns`] : [];
}

/**
 * Functions that are too long. What does not count: literals, which are data; functions inside, which are measured by
 * themselves; the wrapper of a script that runs in a page, and the callbacks of tests, which are lists.
 */
export function functionViolations(file: TextFile): string[] {
  if (!isCode(file.path) || isGenerated(file)) return [];
  const problems: string[] = [];
  walk(parse(file), node => {
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return;
    if (ts.isCallExpression(node.parent) && isTest(file.path)) return;
    if (ts.isParenthesizedExpression(node.parent) && ts.isCallExpression(node.parent.parent)) return;
    const lines = spanOf(node) - innerLines(node);
    if (lines > MAX_FUNCTION_LINES)
      problems.push(`${file.path}:${lineOf(node)} a function of ${lines} lines: split it`);
  });
  return problems;
}

function spanOf(node: ts.Node): number {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getEnd()).line - lineOf(node) + 2;
}

/** Lines between the first and the last of the literals and functions directly inside a function. */
function innerLines(of: ts.Node): number {
  let lines = 0;
  const visit = (node: ts.Node): void => {
    const isApart =
      ts.isFunctionLike(node) ||
      ts.isObjectLiteralExpression(node) ||
      ts.isArrayLiteralExpression(node) ||
      ts.isTemplateLiteral(node);
    if (isApart) lines += Math.max(0, spanOf(node) - 2);
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(of, visit);
  return lines;
}

/** Default exports outside scanner and tool files, the settings of build tools and Vue’s type shim. */
export function defaultExportViolations(file: TextFile): string[] {
  if (!/\.(ts|mjs)$/.test(file.path) || /\.config\.ts$|\.d\.ts$/.test(file.path)) return [];
  if (/^packages\/(scanners|tools)\/src\/[^/]+\.ts$/.test(file.path)) return [];
  return parse(file)
    .statements.filter(
      statement =>
        ts.isExportAssignment(statement) ||
        modifiersOf(statement).includes(ts.SyntaxKind.DefaultKeyword) ||
        (ts.isExportDeclaration(statement) &&
          statement.exportClause !== undefined &&
          ts.isNamedExports(statement.exportClause) &&
          statement.exportClause.elements.some(element => element.name.text === 'default')),
    )
    .map(statement => `${file.path}:${lineOf(statement)} a default export: name it`);
}

function modifiersOf(node: ts.Node): readonly ts.SyntaxKind[] {
  return ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []).map(modifier => modifier.kind) : [];
}

/** The code points a person reads between quotes count as words; a marker must be followed by an issue. */
export function todoViolations(file: TextFile): string[] {
  if (!isCode(file.path) && !/\.(css|html|sql|md)$/.test(file.path)) return [];
  return file.text.split('\n').flatMap((line, index) => {
    const isOpen = /(?:\/\/|\/\*|\*|#|--|<!--)\s*(?:TODO|FIXME|HACK|XXX)\b(?!\s*\(#\d+\))/.test(line);
    return isOpen ? [`${file.path}:${index + 1} a marker without an issue: write TODO (#12) and why`] : [];
  });
}

/** Types and assertions that switch the checker off, and syntax that Node cannot strip. */
export function typeViolations(file: TextFile): string[] {
  if (!/\.(ts|vue)$/.test(file.path) || file.path.endsWith('.d.ts')) return [];
  const problems: string[] = [];
  walk(parse(file), node => {
    if (node.kind === ts.SyntaxKind.AnyKeyword)
      problems.push(`${file.path}:${lineOf(node)} any: use unknown and parse it`);
    if (ts.isNonNullExpression(node))
      problems.push(`${file.path}:${lineOf(node)} a non-null assertion: handle the missing case`);
    if (ts.isEnumDeclaration(node))
      problems.push(`${file.path}:${lineOf(node)} an enum: use a union of literals`);
  });
  return problems;
}

/**
 * Exported symbols of packages without a doc comment. A type that is inferred from a schema of the same file shares the
 * schema’s sentence; methods and properties are left to the writer.
 */
export function docViolations(file: TextFile): string[] {
  if (!/^packages\/[^/]+\/src\/.*\.ts$/.test(file.path) || isTest(file.path) || isGenerated(file)) return [];
  const source = parse(file);
  return source.statements.flatMap(statement => {
    if (!modifiersOf(statement).includes(ts.SyntaxKind.ExportKeyword)) return [];
    const name = nameOf(statement);
    if (name === undefined || ts.getJSDocCommentsAndTags(statement).length > 0) return [];
    if (ts.isTypeAliasDeclaration(statement) && isInferred(statement)) return [];
    return [`${file.path}:${lineOf(statement)} ${name} has no doc sentence`];
  });
}

function nameOf(statement: ts.Statement): string | undefined {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0]?.name.getText();
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed ? statement.name?.text : undefined;
}

function isInferred(statement: ts.TypeAliasDeclaration): boolean {
  return /^(z\.(infer|output|input)<typeof |\(typeof )\w+/.test(statement.type.getText());
}

/** Mail domains that belong to nobody (RFC 2606, RFC 6761), and the domains in names of SSH algorithms (RFC 4251 §6). */
const RESERVED_MAIL =
  /@(?:[\w-]+\.)*(?:test|example|invalid|localhost|example\.(?:com|net|org)|openssh\.com|libssh\.org)$/i;

/** Paths of a machine, hosts of package registries and addresses of people. */
export function privacyViolations(file: TextFile): string[] {
  if (/\/fixtures\/|\.svg$/.test(file.path)) return [];
  return file.text.split('\n').flatMap((line, index) => {
    const at = `${file.path}:${index + 1}`;
    const problems: string[] = [];
    if (/(?:^|[\s"'`(=:])\/(?:work|home|Users)\/[a-z]/.test(line))
      problems.push(`${at} a path of one machine`);
    if (/\bregistry\.(?:npmjs\b|yarnpkg\b)|^registry\s*=|"resolved" *:/.test(line))
      problems.push(`${at} the host of a package registry`);
    for (const [address] of line.matchAll(
      /[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,24}\b/gi,
    ))
      if (!RESERVED_MAIL.test(address)) problems.push(`${at} ${address} may be the address of a person`);
    return problems;
  });
}

/** Every rule that looks at one file. */
export const rules: readonly (readonly [name: string, rule: (file: TextFile) => string[]])[] = [
  ['file length', lengthViolations],
  ['function length', functionViolations],
  ['named exports', defaultExportViolations],
  ['markers with an issue', todoViolations],
  ['types that hold', typeViolations],
  ['doc sentences', docViolations],
  ['nothing private', privacyViolations],
];
