/** One seam per danger: where it is allowed, and what to use everywhere else. Nothing in a file can switch these off. */
import ts from 'typescript';
import { isCode, isTest, type TextFile } from './repository/files.ts';
import { importsOf, lineOf, parse, walk } from './repository/syntax.ts';

/** A place where a seam’s danger is allowed, and why. `path` is a file, or a folder with a slash at its end. */
export interface Exception {
  readonly path: string;
  readonly reason: string;
}

/** A danger with its one home. */
export interface Seam {
  readonly name: string;
  readonly home: readonly string[];
  /** What to use instead, as the end of a sentence that begins with “use”. */
  readonly replacement: string;
  readonly exceptions: readonly Exception[];
  /** Tests talk to what they test; true leaves them out. */
  readonly isOpenToTests: boolean;
  /** Lines of a file that do the dangerous thing. */
  find(file: TextFile): readonly number[];
}

const SOCKET_MODULES = 'net tls dgram http https http2 dns dns/promises undici ws'.split(' ');
const practiceNet: Exception = {
  path: 'apps/practice-net/',
  reason: 'it is the network that is scanned: it listens on loopback',
};

const checks = (path: string, reason: string): Exception => ({
  path: `packages/checks/${path}`,
  reason: `${reason}; the package knows nothing of Glacis and is published on its own`,
});

const reportKit = (path: string, reason: string): Exception => ({
  path: `packages/report-kit/${path}`,
  reason: `${reason}; the package knows nothing of Glacis and is published on its own`,
});

/** Every seam. */
export const seams: readonly Seam[] = [
  {
    name: 'sockets',
    home: ['packages/foundation/src/egress/'],
    replacement: 'the scanner’s capabilities, or createEgress and createHttpClient of @glacis/foundation',
    exceptions: [
      practiceNet,
      { path: 'apps/cli/src/doctor.ts', reason: 'asks the system whether the port on loopback is free' },
      { path: 'apps/server/src/live.ts', reason: 'serves the live feed on the server’s own socket' },
      checks('src/', 'has transports of its own'),
      reportKit('src/preview/', 'shows a design on loopback while it is being written'),
      { path: 'packages/db/src/embedded.ts', reason: 'asks the system for a free port on loopback' },
    ],
    isOpenToTests: true,
    find: file => importsFrom(file, SOCKET_MODULES),
  },
  {
    name: 'fetch',
    home: ['packages/foundation/src/egress/'],
    replacement: 'createHttpClient of @glacis/foundation',
    exceptions: [
      practiceNet,
      { path: 'apps/web/src/', reason: 'the browser asks the API of its own origin' },
    ],
    isOpenToTests: true,
    find: file => globalsUsed(file, ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']),
  },
  {
    name: 'database driver',
    home: ['packages/db/'],
    replacement: 'inTenant, control and sql of @glacis/db',
    exceptions: [],
    isOpenToTests: false,
    find: file => importsFrom(file, ['pg', 'kysely'], { isTypeIncluded: true }),
  },
  {
    name: 'ciphers',
    home: ['packages/foundation/src/crypto.ts'],
    replacement: 'encrypt and decrypt of @glacis/foundation',
    exceptions: [
      checks('src/dsl/functions/crypto.ts', 'functions of the template language'),
      checks('src/oast/protocol.ts', 'opens messages of an interaction server'),
      {
        path: 'packages/domain/src/keys/vault.test.ts',
        reason: 'plays the key vault, which wraps with RSA',
      },
    ],
    isOpenToTests: false,
    find: file =>
      identifiersUsed(file, [
        'createCipheriv',
        'createDecipheriv',
        'publicEncrypt',
        'privateDecrypt',
        'subtle',
        'webcrypto',
      ]),
  },
  {
    name: 'child processes',
    home: ['packages/engine/src/exec/'],
    replacement: 'the exec capability of the scanner’s context',
    exceptions: [
      {
        path: 'apps/cli/src/up/',
        reason: 'the supervisor starts the processes of the platform and the web build',
      },
      { path: 'apps/practice-net/src/shards.ts', reason: 'spreads a large practice network over processes' },
      { path: 'apps/cli/bin/', reason: 'starts itself on the pinned Node' },
      checks('bin/', 'starts itself on the pinned Node'),
      reportKit('bin/', 'starts itself on the pinned Node'),
      reportKit('src/browser/', 'starts Chromium'),
      reportKit('src/pdf/weasyprint.ts', 'starts WeasyPrint where a design asks for it'),
      { path: 'packages/db/src/embedded.ts', reason: 'starts the embedded PostgreSQL' },
      { path: 'packages/db/src/keeper.ts', reason: 'stops PostgreSQL when its owner was killed' },
      { path: 'tools/', reason: 'runs tests, checks and the programs under development' },
    ],
    isOpenToTests: true,
    find: file => importsFrom(file, ['child_process', 'cluster']),
  },
  {
    name: 'shells',
    home: [],
    replacement: 'spawn with an argument array and without a shell',
    exceptions: [],
    isOpenToTests: false,
    find: shellsOf,
  },
  {
    name: 'environment variables',
    home: ['packages/foundation/src/config.ts'],
    replacement: 'readConfig or childEnvironment of @glacis/foundation',
    exceptions: [
      { path: 'packages/db/src/testing.ts', reason: 'finds the database server that all test files share' },
      reportKit('src/', 'finds a browser and WeasyPrint'),
      { path: 'tools/', reason: 'hands the environment on to what it starts' },
    ],
    isOpenToTests: true,
    find: file => membersUsed(file, 'process', 'env'),
  },
  {
    name: 'code made of text',
    home: [],
    replacement: 'data and a typed parser',
    exceptions: [
      reportKit(
        'src/render/page/runtime.js',
        'runs a compiled design inside the sandboxed browser that renders it',
      ),
    ],
    isOpenToTests: false,
    find: file => [...globalsUsed(file, ['eval', 'Function']), ...importsFrom(file, ['vm'])],
  },
  {
    name: 'markup made of text',
    home: [],
    replacement: 'text nodes ({{ … }}), or MarkdownText of report-kit for reports',
    exceptions: [
      reportKit('src/render/page/', 'shows Markdown that was sanitised, in a page that reaches nothing'),
    ],
    isOpenToTests: true,
    find: file =>
      linesMatching(file, /\bv-html\b|\b(inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write\(/),
  },
  {
    name: 'switched-off checks',
    home: [],
    replacement: 'code that passes the check',
    exceptions: [{ path: 'tools/seams', reason: 'names what it looks for' }],
    isOpenToTests: false,
    find: file =>
      linesMatching(file, /\b(oxlint|eslint|biome)-(disable|ignore)|@ts-(ignore|expect-error|nocheck)/),
  },
];

/** Where a file breaks a seam, as `path:line what to do instead`. */
export function seamViolations(file: TextFile): string[] {
  return seams.flatMap(seam =>
    isAllowed(seam, file.path)
      ? []
      : seam.find(file).map(line => `${file.path}:${line} ${seam.name}: use ${seam.replacement}`),
  );
}

function isAllowed(seam: Seam, path: string): boolean {
  if (!isCode(path) || (seam.isOpenToTests && isTest(path))) return true;
  return [...seam.home, ...seam.exceptions.map(exception => exception.path)].some(place =>
    path.startsWith(place),
  );
}

/** Exceptions that no file needs any more. */
export function staleExceptions(files: readonly TextFile[]): string[] {
  return seams.flatMap(seam =>
    seam.exceptions
      .filter(exception => files.some(file => file.path.startsWith(exception.path)))
      .filter(
        exception =>
          !files.some(
            file => isCode(file.path) && file.path.startsWith(exception.path) && seam.find(file).length > 0,
          ),
      )
      .map(exception => `${seam.name}: ${exception.path} needs no exception`),
  );
}

function importsFrom(
  file: TextFile,
  modules: readonly string[],
  options = { isTypeIncluded: false },
): number[] {
  return importsOf(file)
    .filter(entry => options.isTypeIncluded || !entry.isTypeOnly)
    .filter(entry => {
      const name = entry.specifier.replace(/^node:/, '');
      return modules.some(module => name === module || name.startsWith(`${module}/`));
    })
    .map(entry => entry.line);
}

/** Uses of a global by its bare name, called, constructed or passed on; declarations and properties do not count. */
function globalsUsed(file: TextFile, names: readonly string[]): number[] {
  if (!names.some(name => file.text.includes(name))) return [];
  const own = bindingsOf(file);
  const lines: number[] = [];
  walk(parse(file), node => {
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return;
    const callee = node.expression;
    const isBare = ts.isIdentifier(callee) && names.includes(callee.text) && !own.has(callee.text);
    const isMember =
      ts.isPropertyAccessExpression(callee) &&
      ts.isIdentifier(callee.expression) &&
      ['globalThis', 'window', 'self'].includes(callee.expression.text) &&
      names.includes(callee.name.text);
    if (isBare || isMember) lines.push(lineOf(node));
  });
  return lines;
}

/** Names that a file declares or imports itself, anywhere in it. */
function bindingsOf(file: TextFile): Set<string> {
  const names = new Set<string>();
  walk(parse(file), node => {
    const isBinding =
      ts.isFunctionDeclaration(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node);
    if (isBinding && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

function identifiersUsed(file: TextFile, names: readonly string[]): number[] {
  if (!names.some(name => file.text.includes(name))) return [];
  const lines: number[] = [];
  walk(parse(file), node => {
    if (ts.isIdentifier(node) && names.includes(node.text)) lines.push(lineOf(node));
  });
  return [...new Set(lines)];
}

/** Uses of `object.member`, `object['member']` and `{ member } = object`. */
function membersUsed(file: TextFile, object: string, member: string): number[] {
  if (!file.text.includes(object) || !file.text.includes(member)) return [];
  const isObject = (node: ts.Node | undefined): boolean =>
    node !== undefined && ts.isIdentifier(node) && node.text === object;
  const lines: number[] = [];
  walk(parse(file), node => {
    const isUse =
      (ts.isPropertyAccessExpression(node) && isObject(node.expression) && node.name.text === member) ||
      (ts.isElementAccessExpression(node) &&
        isObject(node.expression) &&
        ts.isStringLiteralLike(node.argumentExpression) &&
        node.argumentExpression.text === member) ||
      (ts.isVariableDeclaration(node) &&
        isObject(node.initializer) &&
        ts.isObjectBindingPattern(node.name) &&
        node.name.elements.some(element => (element.propertyName ?? element.name).getText() === member)) ||
      (ts.isImportSpecifier(node) &&
        (node.propertyName ?? node.name).text === member &&
        isProcessImport(node));
    if (isUse) lines.push(lineOf(node));
  });
  return lines;
}

function isProcessImport(node: ts.ImportSpecifier): boolean {
  const from = node.parent.parent.parent.moduleSpecifier;
  return ts.isStringLiteral(from) && /^(node:)?process$/.test(from.text);
}

/** `exec`, `execSync` of child_process, and a `shell` option that is not false. */
function shellsOf(file: TextFile): number[] {
  if (!/child_process|\bshell\b/.test(file.text)) return [];
  const imported = importsOf(file)
    .filter(entry => /^(node:)?child_process$/.test(entry.specifier))
    .filter(entry => entry.names.some(name => ['exec', 'execSync', '*', 'default'].includes(name)))
    .map(entry => entry.line);
  const lines: number[] = [];
  walk(parse(file), node => {
    if (!ts.isPropertyAssignment(node) || node.name.getText() !== 'shell') return;
    const isProcessOption = ts.isCallExpression(node.parent.parent);
    if (isProcessOption && node.initializer.kind !== ts.SyntaxKind.FalseKeyword) lines.push(lineOf(node));
  });
  return [...imported, ...lines];
}

function linesMatching(file: TextFile, pattern: RegExp): number[] {
  return file.text.split('\n').flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}
