/**
 * Checks PDFs against PDF/UA-1 with veraPDF, an outside program under MPL 2.0 that is not part of this package: the three
 * designs with their samples in all languages and two foreign ones, or the files given. A file must pass or not say that
 * it is PDF/UA-1; our designs and the accessible foreign one must pass. Needs Java and a folder with veraPDF's jars, which
 * `mvn dependency:copy-dependencies` fills from org.verapdf.apps:greenfield-apps:1.28.2.
 * Usage: `node tools/run.mjs packages/report-kit/bench/pdf-ua.ts JARS [FILE.pdf …]`; exit code 1 when a file fails.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { builtInDesigns, createRenderer } from '../src/index.ts';
import type { Design } from '../src/index.ts';
import { EMPTY_DESIGN } from '../src/design/empty-design.sample.ts';

const LANGUAGES = ['en', 'de', 'fr', 'es'];

/** Designs as others write them; whether a file of theirs may say that it is PDF/UA-1. */
const FOREIGN: readonly (readonly [name: string, isAccessible: boolean, template: string])[] = [
  [
    'foreign-accessible',
    true,
    `<h1>Report</h1><h4>A level is left out</h4><p lang="no such">Text <a href="https://e.invalid/">link</a></p>
     <ul><p>no item</p><li>item</li></ul><svg width="40" height="20"><text y="15">words</text></svg>
     <table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody><tr><td rowspan="5">1</td><td></td><td>3</td></tr>
     <tr><td>4</td></tr></tbody></table><div role="heading" aria-level="6">deep</div><h2></h2>
     <div aria-hidden="true"><a href="https://e.invalid/">hidden</a></div><toc />`,
  ],
  [
    'foreign-not-accessible',
    false,
    `<h1>Report</h1><table><tbody><tr><td>no</td><td>heads</td></tr></tbody></table>
     <div role="img" style="width: 9px; height: 9px; background: red"></div><p>\u0e44\u0e17\u0e22</p>`,
  ],
];

const foreign = (name: string, template: string): Design => ({
  ...EMPTY_DESIGN,
  id: name,
  name,
  template,
});

const rule = z.object({
  clause: z.string(),
  testNumber: z.number(),
  failedChecks: z.number(),
  description: z.string(),
});
const result = z.object({ compliant: z.boolean(), details: z.object({ ruleSummaries: z.array(rule) }) });
const answer = z.object({
  report: z.object({
    jobs: z.array(
      z.object({
        itemDetails: z.object({ name: z.string() }),
        validationResult: z.union([result, z.array(result)]).transform(value => [value].flat()[0]),
      }),
    ),
  }),
});

const [jars, ...given] = process.argv.slice(2);
if (jars === undefined) throw new Error('Give the folder with the jars of veraPDF.');
const folder = await mkdtemp(join(tmpdir(), 'pdf-ua-'));
const files = [...given];
const renderer = await createRenderer({ warm: 1 });
for (const [name, load] of given.length > 0 ? [] : Object.entries(builtInDesigns)) {
  const design = await load();
  for (const language of LANGUAGES) {
    const { bytes } = await renderer.render({ design, data: design.sample, output: 'pdf', language });
    const file = join(folder, `${name}-${language}.pdf`);
    await writeFile(file, bytes);
    files.push(file);
  }
}
const mayFail = new Set<string>();
for (const [name, isAccessible, template] of given.length > 0 ? [] : FOREIGN) {
  const { bytes } = await renderer.render({ design: foreign(name, template), data: {}, output: 'pdf' });
  const file = join(folder, `${name}.pdf`);
  await writeFile(file, bytes);
  files.push(file);
  if (!isAccessible) mayFail.add(file);
}
await renderer.close();
const options = ['--flavour', 'ua1', '--format', 'json'];
const child = spawn(
  'java',
  ['-cp', join(jars, '*'), 'org.verapdf.apps.GreenfieldCliWrapper', ...options, ...files],
  { stdio: ['ignore', 'pipe', 'ignore'] },
);
const { report } = answer.parse(JSON.parse(await text(child.stdout)));
let hasFailed = false;
for (const { itemDetails, validationResult } of report.jobs) {
  const isCompliant = validationResult?.compliant === true;
  const isClaimed = (await readFile(itemDetails.name, 'latin1')).includes('<pdfuaid:part>');
  const isWrong = isClaimed ? !isCompliant : given.length === 0 && !mayFail.has(itemDetails.name);
  hasFailed ||= isWrong;
  const outcome = isWrong ? 'FAIL' : isCompliant ? 'pass' : 'not claimed';
  process.stdout.write(`${outcome} ${basename(itemDetails.name)}\n`);
  for (const { clause, testNumber, failedChecks, description } of validationResult?.details.ruleSummaries ??
    [])
    process.stdout.write(
      `     ${clause}-${testNumber}, ${failedChecks} times: ${description.slice(0, 160)}\n`,
    );
}
await rm(folder, { recursive: true });
if (hasFailed) process.exitCode = 1;
