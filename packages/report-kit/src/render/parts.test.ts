/** A document large enough to be printed in several parts reads as if it had been printed at once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PDFDocument } from '@cantoo/pdf-lib';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

const TEMPLATE = `<h1 class="plain">Contents</h1><toc />
<section v-for="n in 3" :key="n" class="chapter">
  <h1 :id="'chapter-' + n" class="in-toc">Chapter {{ n }}</h1>
  <p>See <a href="#chapter-3">the last chapter</a><footnote>Note of chapter {{ n }}.</footnote>.</p>
  <table>
    <thead><tr><th>Row</th><th>Text</th></tr></thead>
    <tbody>
      <tr v-for="row in 700" :key="row"><td>r{{ n }}x{{ row }}</td><td><b>a</b> <i>b</i> {{ row % 7 === 0 ? 'a longer text that is set in two lines of its narrow cell' : '' }}</td></tr>
    </tbody>
  </table>
  <h2 :id="'end-' + n" class="in-toc">End of {{ n }}</h2>
</section>`;

const STYLE = `@page { size: A5; margin: 16mm; @bottom-right { content: counter(page) ' of ' counter(pages); } @top-left { content: string(chapter); } }
html { font: 9pt/1.3 Inter; }
.chapter { counter-increment: chapter; }
.chapter > h1 { break-before: page; string-set: chapter content(); }
.chapter > h2::before { content: counter(chapter) '. '; }
table { border-collapse: collapse; width: 60%; }
tr { break-inside: avoid; }`;

const design: Design = {
  ...EMPTY_DESIGN,
  id: 'parts',
  name: 'Parts',
  template: TEMPLATE,
  style: STYLE,
};

/** So small that each chapter takes several parts. */
const limits = { partElements: 1_500 };

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1 });
});
after(async () => renderer.close());

async function textsOf(bytes: Uint8Array): Promise<string[]> {
  const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const texts: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const content = await (await document.getPage(number)).getTextContent();
    texts.push(content.items.map(item => ('str' in item ? item.str : '')).join(' '));
  }
  await document.destroy();
  return texts;
}

test('page numbers, counters, heads, footnotes, links and outline are exact across parts', async () => {
  const { bytes, pageCount, messages } = await renderer.render({ design, data: {}, output: 'pdf', limits });
  assert.deepEqual(messages, []);
  const texts = await textsOf(bytes);
  assert.equal(texts.length, pageCount);
  for (const [index, text] of texts.entries()) {
    assert.match(text, new RegExp(`${index + 1} of ${texts.length}`), `page ${index + 1}`);
    if (/r\dx\d+ /.test(text)) assert.match(text, /Row\s+Text/, `the table's head on page ${index + 1}`);
  }
  const rows = [...texts.join(' ').matchAll(/r(\d)x(\d+)/g)].map(match => `${match[1]}-${match[2]}`);
  const expected = [1, 2, 3].flatMap(n => Array.from({ length: 700 }, (_, row) => `${n}-${row + 1}`));
  assert.deepEqual(rows, expected);
  const contents = texts[0] ?? '';
  for (const n of [1, 2, 3]) {
    const start = texts.findIndex((text, index) => index > 0 && text.includes(`Note of chapter ${n}`)) + 1;
    assert.equal(Number(new RegExp(`Chapter ${n}\\s+(\\d+)`).exec(contents)?.[1]), start);
    const end = texts.findIndex((text, index) => index > 0 && text.includes(`End of ${n}`)) + 1;
    assert.equal(Number(new RegExp(`End of ${n}\\s+(\\d+)`).exec(contents)?.[1]), end);
    assert.match(texts[end - 1] ?? '', new RegExp(`${n}\\.\\s+End of ${n}`));
    assert.ok((texts[end - 1] ?? '').includes(`Chapter ${n}`), 'the running head names the chapter');
  }
  const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const outline = await document.getOutline();
  assert.deepEqual(
    outline.map(item => [item.title, item.items.map(inner => inner.title)]),
    [['Contents', []], ...[1, 2, 3].map(n => [`Chapter ${n}`, [`End of ${n}`]])],
  );
  const last = await document.getDestination('chapter-3');
  assert.ok(last);
  const target = await document.getPageIndex(last[0] as { num: number; gen: number });
  assert.ok((texts[target] ?? '').includes('Note of chapter 3'));
  const { root } = { root: await (await document.getPage(2)).getStructTree() };
  assert.ok(JSON.stringify(root).includes('"TH"'));
  await document.destroy();
});

test('a document in parts can be encrypted, and carries its attachments', async () => {
  const job = { design, data: {}, output: 'pdf', limits, password: 'correct horse' } as const;
  const attachments = new Map([['rows.csv', Buffer.from('a;b')]]);
  const { bytes, pageCount } = await renderer.render({ ...job, attachments });
  assert.ok(Buffer.from(bytes).toString('latin1').includes('/AESV3'));
  const document = await getDocument({
    data: new Uint8Array(bytes),
    password: 'correct horse',
    verbosity: 0,
  }).promise;
  assert.equal(document.numPages, pageCount);
  const attached = (await document.getAttachments()) as Record<string, { content: Uint8Array }>;
  assert.equal(Buffer.from(attached['rows.csv']?.content ?? []).toString(), 'a;b');
  await document.destroy();
});

test('another library reads a document in parts', async () => {
  const { bytes, pageCount } = await renderer.render({ design, data: {}, output: 'pdf', limits });
  assert.equal((await PDFDocument.load(bytes)).getPageCount(), pageCount);
});
