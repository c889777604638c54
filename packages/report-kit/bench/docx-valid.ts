/**
 * Checks Word documents as Word would: the three designs with their samples and with 100 findings or hosts in all languages,
 * a text of everything that Markdown can hold, and the files given. The Open XML SDK does it, an outside program under MIT
 * that is not part of this package: `npm install --prefix FOLDER @ooxml-tools/validate` fetches it.
 * Usage: `node tools/run.mjs packages/report-kit/bench/docx-valid.ts FOLDER [--keep FOLDER] [FILE.docx …]`; exit code 1 when
 * a file fails. `--keep` keeps the documents, to look at them.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { z } from 'zod';
import { outlineOf } from '../src/command/inputs.ts';
import { prepareData } from '../src/design/data.ts';
import { writeDocx } from '../src/docx/index.ts';
import type { DrawingSource } from '../src/docx/index.ts';
import { builtInDesigns, createRenderer } from '../src/index.ts';
import { attackSurfaceOf } from './attack-surface-data.ts';
import { pentestOf } from './sample.ts';

const LANGUAGES = ['en', 'de', 'fr', 'es'];
const VERSIONS = ['Office2016', 'Microsoft365'];

const problem = z.object({
  description: z.string(),
  path: z.object({ xpath: z.string(), partUri: z.string() }),
});
type Check = (bytes: Uint8Array, format: 'docx', version: string) => Promise<unknown>;

/** What the SDK says of a document, each of it once. */
async function problemsOf(check: Check, bytes: Uint8Array): Promise<string[]> {
  const found = new Set<string>();
  for (const version of VERSIONS)
    for (const { description, path } of z.array(problem).parse(await check(bytes, 'docx', version)))
      found.add(`${path.partUri} ${path.xpath}: ${description}`.slice(0, 400));
  return [...found];
}

/** A document that no validator may let through: whether this one does tells what its word is worth. */
function broken(bytes: Uint8Array): Uint8Array {
  const files = unzipSync(bytes);
  const text = strFromU8(files['word/document.xml'] ?? new Uint8Array());
  const wrong = text.replace('<w:pStyle ', '<w:bogus/><w:pStyle ').replace('<w:tblPr>', '<w:tblPr><w:jc/>');
  return zipSync({ ...files, 'word/document.xml': strToU8(wrong) });
}

/** The documents to check, by name. */
async function* documents(draw: DrawingSource): AsyncGenerator<readonly [string, Uint8Array]> {
  const everything = await readFile(new URL('everything.txt', import.meta.url), 'utf8');
  for (const [name, load] of Object.entries(builtInDesigns)) {
    const design = await load();
    const many = design.data === 'pentest' ? pentestOf(100, design.sample) : attackSurfaceOf(100);
    const image = async (address: string): Promise<Uint8Array | undefined> =>
      design.assets.get(address.split('/').at(-1) ?? '');
    for (const language of LANGUAGES)
      for (const [size, data] of [['sample', design.sample] as const, ['100', many] as const]) {
        const outline = outlineOf(design, prepareData(design.data, data), language);
        yield [`${name}-${size}-${language}`, (await writeDocx(outline, { image, draw })).bytes];
      }
  }
  const chapter = {
    title: 'Everything',
    blocks: [{ kind: 'markdown', label: 'Text', text: everything } as const],
    chapters: [],
  };
  const outline = { title: 'Everything', language: 'en', facts: [], chapters: [chapter] };
  const picture = (await builtInDesigns.pentest()).assets.get('portal-error.svg');
  yield ['everything', (await writeDocx(outline, { draw, image: async () => picture })).bytes];
}

const { values, positionals } = parseArgs({ options: { keep: { type: 'string' } }, allowPositionals: true });
const [folder, ...given] = positionals;
if (folder === undefined) throw new Error('Give the folder into which @ooxml-tools/validate is installed.');
const entry = join(resolve(folder), 'node_modules/@ooxml-tools/validate/dist/npm/index.js');
const sdk = z.object({ default: z.custom<Check>(value => typeof value === 'function') });
const { default: check } = sdk.parse(await import(pathToFileURL(entry).href));

let failures = 0;
async function report(name: string, bytes: Uint8Array): Promise<void> {
  const problems = await problemsOf(check, bytes);
  if (problems.length > 0) failures += 1;
  process.stdout.write(`${problems.length === 0 ? 'pass' : 'FAIL'} ${name}\n`);
  for (const text of problems.slice(0, 20)) process.stdout.write(`     ${text}\n`);
}

if (given.length > 0) for (const path of given) await report(path, await readFile(path));
else {
  if (values.keep !== undefined) await mkdir(values.keep, { recursive: true });
  const renderer = await createRenderer({ warm: 0 });
  try {
    for await (const [name, bytes] of documents(async requests => renderer.draw(requests))) {
      if (values.keep !== undefined) await writeFile(join(values.keep, `${name}.docx`), bytes);
      await report(name, bytes);
      if (name === 'everything' && (await problemsOf(check, broken(bytes))).length === 0)
        throw new Error(
          'The validator finds nothing wrong with a broken document: its word is worth nothing.',
        );
    }
  } finally {
    await renderer.close();
  }
}
process.exitCode = failures > 0 ? 1 : 0;
