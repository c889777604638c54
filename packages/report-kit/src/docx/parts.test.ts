import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { OutlineBlock, ReportOutline } from '../outline/index.ts';
import { writeDocx } from './index.ts';
import type { DocxOptions } from './index.ts';
import { PAGE_ROOM } from './page.ts';
import { columnWidths } from './tables.ts';

const outlineOf = (blocks: readonly OutlineBlock[], language = 'en'): ReportOutline => ({
  title: 'T',
  language,
  author: 'Ada',
  facts: [],
  chapters: [{ title: 'C', blocks, chapters: [] }],
});

async function partsOf(
  blocks: readonly OutlineBlock[],
  options: DocxOptions = {},
  language = 'en',
): Promise<Record<string, string>> {
  const { bytes } = await writeDocx(outlineOf(blocks, language), options);
  const files = Object.entries(unzipSync(bytes)).filter(([name]) => /\.(xml|rels)$/.test(name));
  return Object.fromEntries(files.map(([name, file]) => [name, strFromU8(file)]));
}

const bodyOf = async (text: string): Promise<string> =>
  (await partsOf([{ kind: 'markdown', text }]))['word/document.xml'] ?? '';

/** The numbers of lists of the paragraphs with a text. */
const listOf = (body: string, text: string): string | undefined =>
  new RegExp(`w:numId w:val="(\\d+)"/></w:numPr>(?:(?!<w:p>).)*>${text}</w:t>`).exec(body)?.[1];

const CHART: OutlineBlock = {
  kind: 'chart',
  caption: 'Findings by severity',
  items: [
    { label: 'Critical', value: 2, severity: 'critical' },
    { label: 'Low', value: 5, severity: 'low' },
  ],
};

test('a chart is drawn by Word from its numbers, with a caption and a description', async () => {
  const parts = await partsOf([
    CHART,
    { ...CHART, caption: 'Risk', items: [{ label: 'Risk', value: 72 }], of: 100 },
  ]);
  const body = parts['word/document.xml'] ?? '';
  assert.equal(Object.keys(parts).filter(name => /^word\/charts\/[^/]+\.xml$/.test(name)).length, 2);
  assert.match(body, /descr="Findings by severity\. Critical: 2, Low: 5\."/);
  assert.match(body, /descr="Risk\. Risk: 72\/100\."/);
  assert.match(body, /SEQ Figure .{0,200}>2<.{0,200}>Risk<\/w:t>/);
  const chart = Object.entries(parts).find(([name]) => /^word\/charts\/[^/]+\.xml$/.test(name))?.[1] ?? '';
  assert.match(chart, /8C1239/);
  assert.match(chart, /<c:v>Critical<\/c:v>/);
});

test('numbered lists each count from their own start; lists of bullets are one', async () => {
  const body = await bodyOf(
    '1. a\n   1. b\n2. c\n   1. d\n\nText\n\n1. e\n\nText\n\n7. f\n\nText\n\n- g\n\nText\n\n- h',
  );
  const numbers = ['a', 'b', 'd', 'e', 'f'].map(text => listOf(body, text));
  assert.equal(new Set(numbers).size, 5);
  assert.equal(listOf(body, 'a'), listOf(body, 'c'));
  assert.equal(listOf(body, 'g'), listOf(body, 'h'));
  const numbering = (await partsOf([{ kind: 'markdown', text: '7. f' }]))['word/numbering.xml'] ?? '';
  assert.match(numbering, /w:startOverride w:val="7"/);
});

test('everything is styled by names: no colour, size or font in the text, and each style is there', async () => {
  const text =
    'A `b` <small>c</small> ==d== TODO\n\n```js\nconst a = 1; // no\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> e\n\n- f';
  const parts = await partsOf([
    { kind: 'markdown', text },
    { kind: 'facts', facts: [{ label: 'a', value: 'b' }] },
  ]);
  const texts = Object.entries(parts).filter(([name]) =>
    /^word\/(document|header\d|footer\d|footnotes)\.xml$/.test(name),
  );
  const styles = parts['word/styles.xml'] ?? '';
  for (const [name, xml] of texts) {
    for (const tag of ['color', 'sz', 'rFonts', 'shd', 'tblBorders', 'tcMar'])
      assert.doesNotMatch(xml, new RegExp(`<w:${tag} `), `${name}: ${tag}`);
    for (const [, id = ''] of xml.matchAll(/<w:(?:pStyle|rStyle|tblStyle) w:val="([^"]+)"/g))
      assert.ok(styles.includes(`w:styleId="${id}"`), id);
  }
  for (const [, id = ''] of styles.matchAll(/<w:(?:basedOn|next|link) w:val="([^"]+)"/g))
    assert.ok(styles.includes(`w:styleId="${id}"`), id);
  for (let level = 1; level <= 6; level += 1)
    assert.match(styles, new RegExp(`"Heading${level}".{0,300}<w:outlineLvl w:val="${level - 1}"/>`));
});

test('tables fill the text exactly, whatever their words, and repeat their heads', async () => {
  const long = 'x'.repeat(300);
  for (const rows of [
    [['a', 'b']],
    [[long, 'b', long]],
    [['1', 'a few words and some more of them', '443']],
  ]) {
    const widths = columnWidths(rows, PAGE_ROOM.width);
    assert.equal(
      widths.reduce((sum, width) => sum + width, 0),
      PAGE_ROOM.width,
    );
    assert.ok(widths.every(width => width > 300));
  }
  const body = await bodyOf(
    `| a | b |\n|---|---|\n| ${long} | ![x](data:image/gif;base64,R0lGODlhAQABAAAAACw=) |`,
  );
  assert.match(body, /<w:tblLayout w:type="fixed"\/>/);
  assert.match(body, /<w:tblHeader\/>/);
});

test('words from right to left get runs and paragraphs of their own direction', async () => {
  const body = await bodyOf('From שלום עולם to here\n\nשלום, this is mixed');
  assert.match(body, /<w:r><w:rPr><w:rtl\/><\/w:rPr><w:t [^>]*>שלום עולם<\/w:t>/);
  assert.equal(body.match(/<w:bidi\/>/g)?.length, 1);
});

test('a link to what has no text of its own still leads there', async () => {
  const body = await bodyOf(
    'See [it](#a), [that](#b).\n\n![](/images/name/x.png){#a}\n\n<div id="b">Text</div>',
  );
  for (const [, anchor = ''] of body.matchAll(/w:anchor="(r[^"]+)"/g))
    assert.ok(body.includes(`w:name="${anchor}"`), anchor);
});

test('the language and the author are the document’s; a company’s template keeps its look and no lists', async () => {
  const own = await partsOf([{ kind: 'list', items: ['a'] }], {}, 'fr');
  assert.match(own['word/styles.xml'] ?? '', /<w:lang w:val="fr-FR"/);
  assert.match(own['docProps/core.xml'] ?? '', /<dc:creator>Ada<\/dc:creator>/);
  const styles =
    '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr>' +
    '<w:lang w:val="en-US" w:eastAsia="en-US"/></w:rPr></w:rPrDefault></w:docDefaults><w:style w:type="paragraph" w:styleId="Heading1">' +
    '<w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr><w:rPr><w:rFonts w:asciiTheme="majorHAnsi"/>' +
    '</w:rPr></w:style></w:styles>';
  const theme = (own['word/theme/theme1.xml'] ?? '').replaceAll(
    /<a:latin typeface="[^"]*"/g,
    '<a:latin typeface="Company Sans"',
  );
  const template = zipSync({ 'word/styles.xml': strToU8(styles), 'word/theme/theme1.xml': strToU8(theme) });
  const theirs = await partsOf([{ kind: 'list', items: ['a'] }], { template }, 'fr');
  assert.match(theirs['word/styles.xml'] ?? '', /w:styleId="Heading1">(?:(?!<\/w:style>).)*majorHAnsi/);
  assert.doesNotMatch(theirs['word/styles.xml'] ?? '', /<w:numPr>/);
  assert.match(theirs['word/styles.xml'] ?? '', /<w:lang w:val="fr-FR"/);
  assert.match(theirs['word/theme/theme1.xml'] ?? '', /Company Sans/);
});

test('a long report leaves the numbers of pages to Word, and says so', async () => {
  const rows = Array.from({ length: 100 }, () => [{ text: 'word '.repeat(60) }]);
  const { messages, bytes } = await writeDocx(outlineOf([{ kind: 'table', columns: ['a'], rows }]));
  assert.deepEqual(
    messages.map(({ code }) => code),
    ['contents-unnumbered'],
  );
  const body = strFromU8(unzipSync(bytes)['word/document.xml'] ?? new Uint8Array());
  assert.match(body, /<w:fldChar w:fldCharType="begin" w:dirty="true"\/><w:instrText [^>]*>TOC/);
});
