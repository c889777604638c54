/** What two pages print at once reads as if one had printed it. */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, before, test } from 'node:test';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { RenderError } from '../message.ts';
import type { RenderLimits } from './limits.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

const templateOf = (body: string) => `<h1 class="plain">Contents</h1><toc />
<section v-for="n in 40" :key="n" class="chapter">
  <h1 :id="'chapter-' + n" class="in-toc">Chapter {{ n }}</h1>
  <p>See <a :href="'#chapter-' + (n % 40 + 1)">the next</a> and <a href="https://example.com/">a site</a>.</p>
  ${body}
  <ul><li v-for="row in 60" :key="row"><b>Item</b> <i>{{ row }}</i> of {{ n }}</li></ul>
</section>`;

const STYLE = `@page { size: A5; margin: 16mm; @bottom-right { content: counter(page); } @top-left { content: string(chapter); } }
html { font: 9pt/1.3 Inter; }
#report { counter-reset: chapter; }
.chapter { counter-increment: chapter; break-before: page; }
.chapter > h1 { string-set: chapter content(); }
.chapter > h1::before { content: counter(chapter) '. '; }`;

const designOf = (body: string, style = STYLE): Design => ({
  ...EMPTY_DESIGN,
  id: 'handover',
  name: 'Handover',
  template: templateOf(body),
  style,
});

let two: Renderer;
let one: Renderer;
before(async () => {
  two = await createRenderer({ warm: 1 });
  one = await createRenderer({ warm: 1, isOneDocument: true });
});
after(async () => Promise.all([two.close(), one.close()]));

async function read(renderer: Renderer, design: Design, limits: Partial<RenderLimits> = {}) {
  const job = { design, data: {}, output: 'pdf', limits } as const;
  const { bytes, timings, messages } = await renderer.render(job);
  const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const pages: unknown[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const annotations = (await page.getAnnotations()) as { dest?: string; url?: string }[];
    const links = annotations.map(({ dest, url }) => dest ?? url);
    const text = items.map(item => ('str' in item ? item.str.trim() : '')).filter(word => word !== '');
    pages.push({ text: text.toSorted().join(' '), links });
  }
  const outline = (await document.getOutline()).map(({ title }) => title);
  const target = await document.getDestination('chapter-33');
  const pageOfTarget = await document.getPageIndex(target?.[0] as { num: number; gen: number });
  await document.destroy();
  return { read: { pages, outline, pageOfTarget, messages }, isShared: 'printBeside' in timings };
}

test('pages, numbers, running heads, links and outline are those of one page', async () => {
  const design = designOf('<p>Plain.</p>');
  const shared = await read(two, design);
  assert.equal(shared.isShared, availableParallelism() > 1);
  const alone = await read(one, design);
  assert.equal(alone.isShared, false);
  assert.deepEqual(shared.read, alone.read);
});

test('what HTML cannot say is printed by the page that has it', async () => {
  const design = designOf('<p>Outer <component :is="\'p\'">inner</component> end.</p>');
  assert.deepEqual((await read(two, design)).read, (await read(one, design)).read);
});

test('parts that end where a page happens to end are shared as well', async () => {
  const design = designOf('<p>Plain.</p>', STYLE.replace('break-before: page;', ''));
  const shared = await read(two, design, { partElements: 3_000 });
  assert.equal(shared.isShared, availableParallelism() > 1);
  assert.deepEqual(shared.read, (await read(one, design, { partElements: 1_500 })).read);
});

test('where the side of a page matters, parts wait for their numbers', async () => {
  const design = designOf('<p>Plain.</p>', `${STYLE}\n@page :left { margin-left: 30mm; }`);
  const shared = await read(two, design);
  assert.equal(shared.isShared, false);
  assert.deepEqual(shared.read, (await read(one, design)).read);
});

test('tables that are cut between parts are shared, with the columns and the head of the whole', async () => {
  const table = `<table><thead><tr><th>Number</th><th>Of</th><th>Text</th></tr></thead>
  <tbody><tr v-for="row in 40" :key="row"><td>{{ row }}</td><td>{{ n }}</td><td>{{ 'word '.repeat(row % 7 + 1) }}</td></tr></tbody></table>`;
  const design = designOf(table, STYLE.replace('break-before: page;', ''));
  const shared = await read(two, design, { partElements: 3_000 });
  assert.equal(shared.isShared, availableParallelism() > 1);
  assert.deepEqual(shared.read, (await read(one, design, { partElements: 1_500 })).read);
});

test('a job that is cancelled at whatever moment ends with that, and leaves nothing that fails unheard', async () => {
  const design = designOf('<p>Plain.</p>');
  for (const afterMs of [100, 250, 400, 550, 700, 850]) {
    const limits = { partElements: 1_500 };
    const job = { design, data: {}, output: 'pdf', limits, signal: AbortSignal.timeout(afterMs) } as const;
    const outcome = await two.render(job).then(
      () => 'rendered',
      (error: unknown) => (error instanceof RenderError ? error.code : String(error)),
    );
    assert.match(outcome, /^(?:cancelled|rendered)$/);
  }
});
