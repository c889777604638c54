import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PDFDocument } from '@cantoo/pdf-lib';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { builtInDesigns } from '../design/load.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/renderer.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1 });
});
after(async () => renderer.close());

const open = async (bytes: Uint8Array, password?: string) =>
  getDocument({ data: new Uint8Array(bytes), verbosity: 0, ...(password === undefined ? {} : { password }) })
    .promise;

test('the PDF is tagged, has outline, language, links, metadata and attachments', async () => {
  const design = await builtInDesigns.pentest();
  const { bytes, messages } = await renderer.render({
    design,
    data: design.sample,
    output: 'pdf',
    metadata: { subject: 'Ärger', keywords: ['one', 'two'] },
    attachments: new Map([['findings.json', Buffer.from('{"a":1}')]]),
  });
  assert.deepEqual(messages, []);
  const document = await open(bytes);
  const { info, metadata } = await document.getMetadata();
  const { Title, Author, Subject, Keywords, Creator, Language } = info as Record<string, unknown>;
  assert.deepEqual(
    { Title, Author, Subject, Keywords, Creator, Language },
    {
      Title: 'Customer portal and dispatch application',
      Author: 'Harbour Security',
      Subject: 'Ärger',
      Keywords: 'one, two',
      Creator: 'report-kit',
      Language: 'en',
    },
  );
  assert.equal(metadata?.get('dc:title'), 'Customer portal and dispatch application');
  assert.deepEqual(await document.getMarkInfo(), { Marked: true, UserProperties: false, Suspects: false });
  const outline = await document.getOutline();
  assert.deepEqual(
    outline.map(item => item.title),
    ['Contents', 'Management summary', 'The engagement', 'Findings'],
  );
  const attachments = (await document.getAttachments()) as Record<string, { content: Uint8Array }>;
  assert.equal(Buffer.from(attachments['findings.json']?.content ?? []).toString(), '{"a":1}');
  await document.destroy();
});

test('page numbers in the contents are those of the pages that the titles stand on', async () => {
  const design = await builtInDesigns.pentest();
  const { bytes } = await renderer.render({ design, data: design.sample, output: 'pdf' });
  const document = await open(bytes);
  const texts: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const content = await (await document.getPage(number)).getTextContent();
    texts.push(content.items.map(item => ('str' in item ? item.str : '')).join(' '));
  }
  const contents = texts[1] ?? '';
  for (const title of ['Password reset takes over any account', 'Sessions stay valid after signing out']) {
    const shown = Number(new RegExp(`${title}\\s+(\\d+)`).exec(contents)?.[1]);
    const real =
      texts.findIndex((text, index) => index > 3 && text.includes(title) && text.includes('CVSS vector')) + 1;
    assert.ok(real > 1);
    assert.equal(shown, real, title);
  }
  await document.destroy();
});

test('a password encrypts the PDF with AES-256, and nothing opens it without', async () => {
  const design = await builtInDesigns['executive-summary']();
  const { bytes } = await renderer.render({
    design,
    data: design.sample,
    output: 'pdf',
    password: 'correct horse',
  });
  await assert.rejects(open(bytes), { name: 'PasswordException' });
  await assert.rejects(open(bytes, 'wrong'), { name: 'PasswordException' });
  const document = await open(bytes, 'correct horse');
  assert.equal(document.numPages, 2);
  const { info } = await document.getMetadata();
  assert.equal((info as Record<string, unknown>)['Title'], 'Customer portal and dispatch application');
  const [first] = await document.getOutline();
  assert.equal(first?.title, 'Customer portal and dispatch application');
  assert.ok(Buffer.from(bytes).toString('latin1').includes('/AESV3'));
  assert.ok(!Buffer.from(bytes).toString('latin1').includes('Northwind'));
  await document.destroy();
});

test('the result is a document that another library reads', async () => {
  const design = await builtInDesigns.pentest();
  const { bytes, pageCount } = await renderer.render({ design, data: design.sample, output: 'pdf' });
  const document = await PDFDocument.load(bytes);
  assert.equal(document.getPageCount(), pageCount);
});
