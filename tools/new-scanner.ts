/** Writes a new scanner and its test, and rebuilds what follows from them: `npm run new:scanner -- ID`. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = dirname(import.meta.dirname);

/** A file to write, by its path in the repository. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** The files of a new scanner: one that works and can be changed step by step. @throws RangeError when the id is unfit. */
export function scannerFiles(id: string): readonly NewFile[] {
  if (!/^[a-z]+(-[a-z0-9]+)*$/.test(id) || id.length > 40 || id === 'index')
    throw new RangeError(
      `“${id}” is no scanner id: use lower-case words with dashes, such as “mail-policy”.`,
    );
  const name = id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const words = id.replaceAll('-', ' ');
  const title = words[0]?.toUpperCase() + words.slice(1);
  return [
    { path: `packages/scanners/src/${id}.ts`, text: scannerText(id, title) },
    { path: `packages/scanners/src/${id}.test.ts`, text: testText(id, name) },
  ];
}

function scannerText(id: string, title: string): string {
  return `import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';

export default defineScanner({
  id: '${id}',
  title: '${title}',
  description: 'Reads the text records of host names and notes how many there are.',
  consumes: ['hostname'],
  produces: ['hostname'],
  reports: [],
  mode: 'passive',
  risk: 'safe',
  options: z.object({ maxRecords: z.number().int().min(1).max(1000).default(100) }),
  batchSize: 50,
  timeoutMs: 60_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 10, limitMs: 20_000, signal: context.signal }, async function* (hostname) {
      const from = { kind: hostname.kind, key: hostname.key };
      const answer = await context.dns.query(hostname.key, 'TXT');
      if (answer.status === 'failed') return { outcome: 'unreachable', detail: 'the resolvers gave no answer' };
      const { maxRecords } = context.options;
      yield {
        type: 'asset',
        asset: { ...from, attributes: { textRecords: Math.min(answer.records.length, maxRecords) } },
        from,
        reason: 'its text records',
      };
      return answer.records.length > maxRecords
        ? { outcome: 'limited', detail: \`more than \${maxRecords} records\` }
        : undefined;
    }),
});
`;
}

function testText(id: string, name: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, coverageOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import ${name} from './${id}.ts';

const practice = usePractice('${id}');

test('the text records of a host name are counted', async () => {
  const key = 'larkspur.test';
  const seen = await runScanner(${name}, [{ kind: 'hostname', key }], practice().terrain);
  assert.equal(attributesOf(seen, 'hostname', key)['textRecords'], 1);
  assert.deepEqual(coverageOf(seen), { [key]: 'looked' });
});
`;
}

async function main(): Promise<void> {
  const id = process.argv[2] ?? '';
  let files: readonly NewFile[];
  try {
    files = scannerFiles(id);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
    return;
  }
  const existing = files.find(({ path }) => existsSync(join(root, path)));
  if (existing) {
    process.stderr.write(`${existing.path} exists already: choose another id or edit the file.\n`);
    process.exitCode = 2;
    return;
  }
  for (const { path, text } of files) {
    const config = await resolveConfig(join(root, path));
    writeFileSync(join(root, path), await format(text, { ...config, parser: 'typescript' }));
    process.stdout.write(`wrote ${path}\n`);
  }
  const generated = spawnSync(process.execPath, [join(root, 'tools/gen.ts')], { stdio: 'inherit' });
  process.exitCode = generated.status ?? 1;
  process.stdout.write(
    `Next: change it to what it is for, then “npm test -- packages/scanners/src/${id}.test.ts”.\n`,
  );
}

if (import.meta.main) await main();
