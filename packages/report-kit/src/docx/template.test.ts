import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Document, Footer, Header, LevelFormat, Packer, PageNumber, Paragraph, TextRun } from 'docx';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { ReportOutline } from '../outline/index.ts';
import { DocxTemplateError, writeDocx } from './index.ts';

const outline: ReportOutline = {
  title: 'Portal & app',
  subtitle: 'Northwind',
  language: 'de',
  author: 'Ada',
  facts: [{ label: 'Version', value: '1.0' }],
  chapters: [
    {
      id: 'one',
      title: 'Befunde',
      startsPage: true,
      blocks: [
        { kind: 'table', columns: ['a', 'b'], rows: [[{ text: '1' }, { text: '2' }]] },
        { kind: 'chart', caption: 'Zahlen', items: [{ label: 'x', value: 1 }] },
        { kind: 'markdown', text: '1. one^[Note]\n\n![](data:image/gif;base64,R0lGODlhAQABAAAAACw=)' },
      ],
      chapters: [{ title: 'Erster', blocks: [], chapters: [] }],
    },
  ],
};

/** A company's document: letter paper, numbered headings, its name on each page. */
async function companyDocument(places: readonly string[]): Promise<Uint8Array> {
  const numbers = { level: 0, format: LevelFormat.DECIMAL, text: '%1', alignment: 'left' } as const;
  const company = new Document({
    numbering: { config: [{ reference: 'headings', levels: [numbers] }] },
    styles: {
      default: {
        heading1: { run: { color: 'AA0000' }, paragraph: { numbering: { reference: 'headings', level: 0 } } },
      },
    },
    sections: [
      {
        properties: {
          page: {
            size: { width: 12_240, height: 15_840 },
            margin: { left: 1_000, right: 2_000, top: 2_000, bottom: 1_000 },
          },
        },
        headers: { default: new Header({ children: [new Paragraph('ACME: {{ title }}')] }) },
        footers: {
          default: new Footer({
            children: [new Paragraph({ children: [new TextRun({ children: [PageNumber.CURRENT] })] })],
          }),
        },
        children: places.map(text => new Paragraph(text)),
      },
    ],
  });
  return Packer.toBuffer(company);
}

const partsOf = (bytes: Uint8Array): Record<string, string> =>
  Object.fromEntries(
    Object.entries(unzipSync(bytes))
      .filter(([name]) => /\.(xml|rels)$/.test(name))
      .map(([name, file]) => [name, strFromU8(file)]),
  );

test('a report goes into the places of a company’s document; the rest of it stays', async () => {
  const template = await companyDocument([
    'Our cover',
    'For {{subtitle}}, by {{author}}',
    '{{facts}}',
    '{{contents}}',
    '{{report}}',
    'Our terms',
  ]);
  const { bytes } = await writeDocx(outline, { template });
  const parts = partsOf(bytes);
  const body = parts['word/document.xml'] ?? '';
  const plain = body.replaceAll(/<[^>]+>/g, '');
  assert.match(
    plain,
    /Our cover.*For Northwind, by Ada.*Version1\.0.*TOC.*Befunde.*Erster.*Befunde.*Our terms/,
  );
  assert.doesNotMatch(plain, /\{\{/);
  assert.match((parts['word/header1.xml'] ?? '').replaceAll(/<[^>]+>/g, ''), /ACME: Portal &amp; app/);
  // Their headings with their numbers, our tables in their width.
  assert.match(
    parts['word/styles.xml'] ?? '',
    /w:styleId="Heading1">(?:(?!<\/w:style>).)*<w:numPr>(?:(?!<\/w:style>).)*AA0000/,
  );
  assert.match(body, /<w:tblStyle w:val="ReportTable"\/><w:tblW w:type="dxa" w:w="9240"\/>/);
  for (const [, id = ''] of body.matchAll(/<w:(?:pStyle|rStyle|tblStyle) w:val="([^"]+)"/g))
    assert.ok(parts['word/styles.xml']?.includes(`w:styleId="${id}"`), id);
  assert.match(parts['word/footnotes.xml'] ?? '', /Note/);
  assert.equal(Object.keys(parts).filter(name => /^word\/charts\/[^/]+\.xml$/.test(name)).length, 1);
  assert.match(parts['docProps/core.xml'] ?? '', /<dc:title>Portal &amp; app<\/dc:title>/);
});

test('a document without a place for the report gives its looks alone', async () => {
  const { bytes } = await writeDocx(outline, { template: await companyDocument(['Our cover']) });
  const parts = partsOf(bytes);
  assert.doesNotMatch(parts['word/document.xml'] ?? '', /Our cover/);
  assert.match(parts['word/styles.xml'] ?? '', /AA0000/);
  assert.doesNotMatch(parts['word/styles.xml'] ?? '', /<w:numPr>/);
});

test('a template becomes a document, and one with macros or without styles is refused', async () => {
  const files = unzipSync(await companyDocument(['{{report}}']));
  const types = strFromU8(files['[Content_Types].xml'] ?? new Uint8Array());
  const withTypes = (text: string): Uint8Array => zipSync({ ...files, '[Content_Types].xml': strToU8(text) });
  const dotx = withTypes(types.replace('document.main+xml', 'template.main+xml'));
  const { bytes } = await writeDocx(outline, { template: dotx });
  assert.match(partsOf(bytes)['[Content_Types].xml'] ?? '', /wordprocessingml\.document\.main\+xml/);
  const docm = withTypes(
    types.replace(
      /application\/[^"]*document\.main\+xml/,
      'application/vnd.ms-word.document.macroEnabled.main+xml',
    ),
  );
  await assert.rejects(writeDocx(outline, { template: docm }), DocxTemplateError);
  await assert.rejects(writeDocx(outline, { template: new Uint8Array([1, 2]) }), DocxTemplateError);
  await assert.rejects(
    writeDocx(outline, { template: zipSync({ 'a.xml': strToU8('<a/>') }) }),
    DocxTemplateError,
  );
});
