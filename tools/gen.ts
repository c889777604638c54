/** Writes what follows from other files: the scanner registry, docs/scanners.md, docs/errors.md. `--check` fails when they are stale. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { Scanner } from '../packages/engine/src/scanner.ts';
import { errorPage } from './error-page.ts';

const root = dirname(import.meta.dirname);
const source = join(root, 'packages/scanners/src');

/** A scanner file is one directly in src that is neither the door, a test nor generated. */
function scannerIds(): string[] {
  return readdirSync(source)
    .filter(file => /^[a-z0-9-]+\.ts$/.test(file) && file !== 'index.ts')
    .map(file => file.slice(0, -'.ts'.length))
    .sort();
}

function camelCase(id: string): string {
  return id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function registryOf(ids: readonly string[]): string {
  const imports = ids.map(id => `import ${camelCase(id)} from './${id}.ts';`);
  return [
    '// Written by `npm run gen`; do not edit.',
    "import type { Scanner } from '@glacis/engine';",
    ...imports,
    '',
    '/** Every scanner, by id. Enabling them is the business of a scan’s engine preset. */',
    'export const scanners: readonly Scanner[] = [',
    ...ids.map(id => `  ${camelCase(id)} as unknown as Scanner,`),
    '];',
    '',
  ].join('\n');
}

async function load(id: string): Promise<Scanner> {
  const loaded: unknown = await import(pathToFileURL(join(source, `${id}.ts`)).href);
  const scanner = (loaded as { default?: Scanner }).default;
  if (scanner?.id !== id)
    throw new Error(`packages/scanners/src/${id}.ts must export default a scanner with the id “${id}”.`);
  return scanner;
}

function list(values: readonly string[]): string {
  return values.length === 0 ? '–' : values.map(value => `\`${value}\``).join(' ');
}

async function docsOf(scanners: readonly Scanner[]): Promise<string> {
  const rows = scanners.map(scanner => {
    const manner = [scanner.mode, scanner.risk, ...(scanner.needsBrowser ? ['browser'] : [])].join(', ');
    const options = list(Object.keys(scanner.options.shape));
    const cells = [
      `\`${scanner.id}\``,
      scanner.description,
      list(scanner.consumes),
      list(scanner.produces),
      list(scanner.reports),
      manner,
      options,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const text = [
    '# Scanners',
    '',
    'Written by `npm run gen` from the declarations in `packages/scanners/src`.',
    '',
    '| id | what it does | consumes | produces | reports | manner | options |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  return asMarkdown(text);
}

async function asMarkdown(text: string): Promise<string> {
  const config = await resolveConfig(join(root, 'docs/scanners.md'));
  return format(text, { ...config, parser: 'markdown' });
}

const scanners = await Promise.all(scannerIds().map(load));
const outputs: readonly (readonly [path: string, text: string])[] = [
  ['packages/scanners/src/registry.generated.ts', registryOf(scannerIds())],
  ['docs/scanners.md', await docsOf(scanners)],
  ['docs/errors.md', await asMarkdown(errorPage())],
];
let stale = 0;
for (const [path, text] of outputs) {
  const file = join(root, path);
  let current = '';
  try {
    current = readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  if (current === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${path} is stale: run “npm run gen” and commit the result.\n`);
    stale += 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
