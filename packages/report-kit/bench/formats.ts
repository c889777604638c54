/** Measures Markdown, archives and documents; prints one JSON object. Usage: node bench/formats.ts [findings] */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileFromBytes, parseObject, readArchive, writeArchiveFile } from '../src/archives/index.ts';
import { writeDocx } from '../src/docx/index.ts';
import { FINDING_FIELDS } from '../src/fields/index.ts';
import { annotateMarkdown, readMarkdown, renderMarkdown, tokenizeMarkdown } from '../src/markdown/index.ts';
import { outlineProject } from '../src/outline/index.ts';

const [count = 10_000] = process.argv.slice(2).map(Number);
const MIB = 1024 ** 2;

const text = (
  number: number,
): string => `The service on \`10.0.${number % 256}.1\` answers **every** request^[Seen on two days.].
It gives more than [the standard](https://www.rfc-editor.org/rfc/rfc9110) asks for, see [](#fig-${number}).

![The answer](/images/name/answer.png){#fig-${number} width="50%"}

| Host | Port |
|------|-----:|
| a${number}.example | 443 |
| b${number}.example | 80 |

: Open ports

\`\`\`http
GET /admin?id=${number} HTTP/1.1
Host: a${number}.example
\`\`\`

1. Ask for the page *without* a session.
2. Read the answer.
`;

function timed<T>(work: () => T): { ms: number; value: T } {
  const from = performance.now();
  const value = work();
  return { ms: performance.now() - from, value };
}

async function timedAsync<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const from = performance.now();
  const value = await work();
  return { ms: performance.now() - from, value };
}

function markdownFigures(): Record<string, number> {
  const source = Array.from({ length: 400 }, (_, number) => text(number)).join('\n');
  const figures: Record<string, number> = { bytes: Buffer.byteLength(source) };
  const works: Record<string, (source: string) => unknown> = {
    html: renderMarkdown,
    tree: readMarkdown,
    tokens: tokenizeMarkdown,
    spelling: annotateMarkdown,
  };
  for (const [name, work] of Object.entries(works)) {
    work(source);
    const start = process.cpuUsage();
    const runs = Array.from({ length: 3 }, () => timed(() => work(source)).ms).sort((a, b) => a - b);
    const { user, system } = process.cpuUsage(start);
    const megabytes = Buffer.byteLength(source) / 1e6;
    figures[`${name}MbPerSecond`] = Number((megabytes / ((runs[1] ?? 1) / 1e3)).toFixed(2));
    // Other programs on the machine slow the clock and not this one.
    figures[`${name}MbPerCpuSecond`] = Number(((3 * megabytes) / ((user + system) / 1e6)).toFixed(2));
  }
  return figures;
}

const design = {
  id: randomUUID(),
  name: 'Bench',
  report_template: '',
  report_styles: '',
  report_sections: [{ id: 'one', label: 'Summary', fields: [{ id: 'summary', type: 'markdown' }] }],
  finding_fields: FINDING_FIELDS,
  finding_ordering: [{ field: 'cvss', order: 'desc' }],
  format: 'projecttypes/v2',
};

function project(findings: number): ReturnType<typeof parseObject> {
  const data = (number: number): object => ({
    title: `Finding ${number}`,
    cvss: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    description: text(number),
    recommendation: 'Mend it.',
    affected_components: [`a${number}.example`],
  });
  return parseObject(
    {
      id: randomUUID(),
      name: 'Bench',
      report_data: { title: 'Bench', summary: text(0) },
      project_type: design,
      findings: Array.from({ length: findings }, (_, number) => ({ id: randomUUID(), data: data(number) })),
      images: [{ name: 'answer.png' }],
      files: [],
      notes: [],
      format: 'projects/v2',
    },
    'bench.json',
  );
}

async function archiveFigures(folder: string): Promise<Record<string, number>> {
  const path = join(folder, 'findings.tar.gz');
  const none = new Map();
  const images = new Map([['answer.png', fileFromBytes('answer.png', randomBytes(MIB))]]);
  const write = await timedAsync(() =>
    writeArchiveFile([{ ...project(count), files: { assets: none, images, files: none } }], path),
  );
  const read = await timedAsync(() => readArchive(path));
  await read.value[Symbol.asyncDispose]();
  return {
    findings: count,
    archiveBytes: (await stat(path)).size,
    exportMs: Math.round(write.ms),
    importMs: Math.round(read.ms),
  };
}

/** A file of a gigabyte goes through without being held in memory. */
async function largeFileFigures(folder: string): Promise<Record<string, number>> {
  const path = join(folder, 'large.tar.gz');
  const chunk = randomBytes(8 * MIB);
  const chunks = 128;
  const large = {
    name: 'large.bin',
    sizeBytes: chunk.byteLength * chunks,
    open: () =>
      Readable.from(
        Array.from({ length: chunks }, () => chunk),
        { objectMode: false },
      ),
  };
  const none = new Map();
  const object = parseObject(
    {
      id: 'n',
      format: 'notes/v1',
      notes: [{ id: 'a', text: '/files/name/large.bin' }],
      files: [{ name: 'large.bin' }],
    },
    'n.json',
  );
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const write = await timedAsync(() =>
    writeArchiveFile(
      [{ ...object, files: { assets: none, images: none, files: new Map([['large.bin', large]]) } }],
      path,
    ),
  );
  const read = await timedAsync(() => readArchive(path, { spoolFolder: folder }));
  clearInterval(watch);
  await read.value[Symbol.asyncDispose]();
  return {
    fileMib: large.sizeBytes / MIB,
    exportMs: Math.round(write.ms),
    importMs: Math.round(read.ms),
    memoryGrowthMib: Math.round((peak - before) / MIB),
  };
}

async function documentFigures(): Promise<Record<string, number>> {
  const object = project(1000);
  if (object.kind !== 'project') throw new Error('The bench made no project.');
  const { ms, value } = await timedAsync(() => writeDocx(outlineProject(object.data, object.design)));
  return { findings: 1000, docxMs: Math.round(ms), docxBytes: value.bytes.byteLength };
}

const folder = await mkdtemp(join(tmpdir(), 'report-kit-bench-'));
try {
  const result = {
    largeFile: await largeFileFigures(folder),
    markdown: markdownFigures(),
    archive: await archiveFigures(folder),
    document: await documentFigures(),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
