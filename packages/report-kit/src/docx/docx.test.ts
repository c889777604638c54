import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { ReportOutline } from '../outline/index.ts';
import { DocxTemplateError, writeDocx } from './index.ts';

/** A PNG of one grey pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

const TEXT = `### Details {#details}

Some **bold**, *slanted*, \`code\` and ~~gone~~ text^[A note with [a link](https://a.example/x?y=1).] TODO, see [](#fig), [](#tab), [](#details) and [](#other).

![The *plan*](/images/name/plan.png){#fig width="50%"}

| Host | Port |
|:-----|-----:|
| a.example | 443 |

: Open ports {#tab}

1. one
2. two
   - deep

- [x] done

> said

\`\`\`http highlight-manual
GET §§/admin§§ HTTP/1.1
\`\`\`

$$
\\frac{a^2}{\\sqrt{b_1}} + \\sum_{i=1}^n i
$$

\`\`\`mermaid
graph TD; A --> B
\`\`\`

![gone](/images/name/gone.png)
`;

const outline: ReportOutline = {
  title: 'Report <of> a & b \u0001',
  subtitle: 'Test',
  language: 'de-DE',
  facts: [{ label: 'Date', value: '2026-11-20' }],
  chapters: [
    {
      title: 'Findings',
      startsPage: true,
      blocks: [
        { kind: 'facts', facts: [{ label: 'Severity', value: 'High', severity: 'high' }] },
        { kind: 'table', columns: ['Finding'], rows: [[{ text: 'First', target: 'other' }]] },
        { kind: 'list', label: 'References', items: ['https://a.example', 'b'] },
      ],
      chapters: [
        {
          id: 'other',
          title: 'First',
          blocks: [{ kind: 'markdown', label: 'Description', text: TEXT }],
          chapters: [],
        },
      ],
    },
  ],
};

const image = async (address: string): Promise<Uint8Array | undefined> =>
  address === '/images/name/plan.png' ? PNG : undefined;

async function partsOf(
  options: Parameters<typeof writeDocx>[1] = {},
): Promise<{ part: (name: string) => string; codes: string[] }> {
  const { bytes, messages } = await writeDocx(outline, { image, ...options });
  const files = unzipSync(bytes);
  return {
    part: name => strFromU8(files[name] ?? new Uint8Array()),
    codes: messages.map(({ code }) => code),
  };
}

test('a report becomes a document with headings, contents, captions, notes and links', async () => {
  const { part, codes } = await partsOf();
  const body = part('word/document.xml');
  assert.match(body, /Report &lt;of&gt; a &amp; b \uFFFD/);
  assert.match(body, /TOC [^<]*\\o &quot;1-2&quot;/);
  assert.match(body, /PAGEREF _Toc\d+ \\h<\/w:instrText><w:fldChar w:fldCharType="separate"\/><w:t [^>]*>\d/);
  assert.match(body, /<w:pStyle w:val="Heading1"\/>/);
  // Below the chapter’s title and the field’s label, though the text begins with ###.
  assert.match(body, /<w:pStyle w:val="Heading4"\/>.{0,80}details"/);
  assert.match(body, /SEQ Abbildung/);
  assert.match(body, /SEQ Tabelle/);
  assert.match(body, /<w:tblHeader\/>/);
  assert.match(body, /<w:cantSplit\/>/);
  assert.match(body, /<w:footnoteReference /);
  assert.match(body, /<w:numPr>/);
  assert.match(body, /<w:pStyle w:val="ReportFormula"\/><\/w:pPr><m:oMathPara><m:oMath><m:f>/);
  assert.match(body, /☒/);
  assert.match(body, /w:val="ReportMarked"\/>.{0,120}\/admin/);
  assert.match(body, /w:val="ReportSeverityHigh"/);
  assert.match(part('word/footnotes.xml'), /A note with/);
  assert.match(
    part('word/_rels/footnotes.xml.rels') + part('word/_rels/document.xml.rels'),
    /https:\/\/a\.example\/x\?y=1/,
  );
  for (const name of ['Abbildung 1', 'Tabelle 1', 'Details', 'First'])
    assert.ok(body.includes(`>${name}</w:t>`), name);
  assert.deepEqual(codes, ['image-missing', 'diagram-as-text']);
});

test('each link leads to a bookmark that is there, once', async () => {
  const { part } = await partsOf();
  const body = part('word/document.xml');
  const names = [...body.matchAll(/<w:bookmarkStart [^>]*w:name="([^"]+)"/g)].map(match => match[1]);
  const anchors = [...body.matchAll(/<w:hyperlink [^>]*w:anchor="([^"]+)"/g)].map(match => match[1]);
  assert.equal(new Set(names).size, names.length);
  const fields = [...body.matchAll(/(?:REF|PAGEREF) (\S+) \\h/g)].map(match => match[1]);
  assert.equal(fields.filter(name => name?.startsWith('r')).length, 4);
  for (const anchor of [...anchors, ...fields]) assert.ok(names.includes(anchor), anchor);
});

test('styles are named, in the language of the report, and a company can bring its own', async () => {
  const own = await partsOf();
  assert.match(own.part('word/styles.xml'), /w:styleId="ReportCode"/);
  assert.match(own.part('word/styles.xml'), /w:lang w:val="de-DE"/);
  const styles = own
    .part('word/styles.xml')
    .replace('Consolas', 'Company Mono')
    .replace(/<w:style [^>]*w:styleId="ReportTodo".*?<\/w:style>/s, '');
  const template = zipSync({ 'word/styles.xml': strToU8(styles) });
  const { part } = await partsOf({ template });
  assert.match(part('word/styles.xml'), /Company Mono/);
  assert.match(part('word/styles.xml'), /w:styleId="ReportTodo"/);
  await assert.rejects(writeDocx(outline, { template: new Uint8Array([1, 2]) }), DocxTemplateError);
});

test('a diagram is a picture where one can be drawn', async () => {
  const drawing = {
    png: PNG,
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    widthPx: 8,
    heightPx: 8,
  };
  const { codes, part } = await partsOf({ draw: async requests => requests.map(() => drawing) });
  assert.deepEqual(codes, ['image-missing']);
  // Word 2016 and later show the vector, others the pixels beside it.
  assert.match(part('word/document.xml'), /asvg:svgBlip/);
});
