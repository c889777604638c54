/** What is only printed is not laid out for the screen: nothing may be missing or left unsaid for that. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

const designOf = (template: string): Design => ({
  ...EMPTY_DESIGN,
  id: 'screen',
  name: 'Screen',
  template,
  style: '@page { size: A5; margin: 16mm; }',
});

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1, isOneDocument: true });
});
after(async () => renderer.close());

async function printed(template: string, isDraft = false) {
  const result = await renderer.render({ design: designOf(template), data: {}, output: 'pdf', isDraft });
  const document = await getDocument({ data: new Uint8Array(result.bytes), verbosity: 0 }).promise;
  const { items } = await (await document.getPage(1)).getTextContent();
  const fonts = new Set<string>();
  for (const item of items) if ('fontName' in item && item.str.trim() !== '') fonts.add(item.fontName);
  const text = items.map(item => ('str' in item ? item.str : '')).join('');
  return { text, fonts, messages: result.messages, outline: await document.getOutline() };
}

test('what is wider than the page is named', async () => {
  const { messages } = await printed('<h1>Wide</h1><p style="width: 3000px">This is far too wide.</p>');
  assert.deepEqual(
    messages.map(({ code }) => code),
    ['content-too-wide'],
  );
  assert.match(messages[0]?.text ?? '', /This is far too wide/);
});

test('what fits has no message, pictures with a scale of their own included', async () => {
  const { messages } = await printed(
    '<h1>Fits</h1><svg width="100" height="50" viewBox="0 0 200 100"><circle cx="50" cy="50" r="40" /></svg>',
  );
  assert.deepEqual(messages, []);
});

test('scripts and faces that were not loaded before are printed', async () => {
  const { text, fonts } = await printed('<p>Plain <b>Ελληνικά</b> <i>Кириллица</i> 漢字 שלום</p>');
  for (const word of ['Plain', 'Ελληνικά', 'Кириллица', '漢字'])
    assert.ok(text.includes(word), `${word}: ${text}`);
  assert.ok(fonts.size >= 4, [...fonts].join(' '));
});

test('a face that only a style sheet asks for comes late, and is printed all the same', async () => {
  const { text } = await printed("<p style=\"quotes: 'Ж' 'Ж'\"><q>late</q></p>");
  assert.match(text, /Ж.*late.*Ж/);
});

test('the next version in the same browser holds nothing of the one before', async () => {
  const first = await printed('<h1>First</h1><p>{{ nothing }}</p>');
  assert.ok(first.messages.some(({ code }) => code === 'variable-unknown'));
  const second = await printed('<h1>Second</h1>');
  assert.equal(second.text, 'Second');
  assert.deepEqual(second.messages, []);
});

test('a draft has the text and no outline', async () => {
  assert.equal((await printed('<h1>Title</h1>')).outline.length, 1);
  const draft = await printed('<h1>Title</h1>', true);
  assert.equal(draft.text, 'Title');
  assert.equal(draft.outline, null);
});
