/**
 * Checks PDFs against PDF/UA-1 with veraPDF, an outside program under MPL 2.0 that is not part of this package: the three
 * designs with their samples in all languages, and the files given. Needs Java and a folder with veraPDF's jars, which
 * `mvn dependency:copy-dependencies` fills from org.verapdf.apps:greenfield-apps:1.28.2.
 * Usage: `node tools/run.mjs packages/report-kit/bench/pdf-ua.ts JARS [FILE.pdf …]`; exit code 1 when a file fails.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { builtInDesigns, createRenderer } from '../src/index.ts';

const LANGUAGES = ['en', 'de', 'fr', 'es'];

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
await renderer.close();
const options = ['--flavour', 'ua1', '--format', 'json'];
const child = spawn(
  'java',
  ['-cp', join(jars, '*'), 'org.verapdf.apps.GreenfieldCliWrapper', ...options, ...files],
  { stdio: ['ignore', 'pipe', 'ignore'] },
);
const { report } = answer.parse(JSON.parse(await text(child.stdout)));
for (const { itemDetails, validationResult } of report.jobs) {
  process.stdout.write(`${validationResult?.compliant === true ? 'pass' : 'FAIL'} ${itemDetails.name}\n`);
  for (const { clause, testNumber, failedChecks, description } of validationResult?.details.ruleSummaries ??
    [])
    process.stdout.write(
      `     ${clause}-${testNumber}, ${failedChecks} times: ${description.slice(0, 160)}\n`,
    );
}
await rm(folder, { recursive: true });
if (report.jobs.some(({ validationResult }) => validationResult?.compliant !== true)) process.exitCode = 1;
