import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ executablePath: 'bundled', warm: 1 });
});
after(async () => renderer.close());

test('a reference has classes that say what it points to', async () => {
  const design: Design = {
    ...EMPTY_DESIGN,
    id: 'references',
    name: 'References',
    template: `<h2 id="chapter">Chapter</h2>
<section class="appendix"><h3 id="more">More</h3></section>
<figure id="drawing"><p>Drawing</p><figcaption>What is drawn</figcaption></figure>
<table id="numbers"><caption>Numbers</caption><tbody><tr><td>1</td></tr></tbody></table>
<p><ref to="#chapter" /> <ref to="more" /> <ref to="drawing" /> <ref to="numbers" /></p>
<markdown :text="'[](#chapter)'" />`,
  };
  const { bytes, messages } = await renderer.render({ design, data: {}, output: 'html' });
  const html = Buffer.from(bytes).toString('utf8');
  const found = [...html.matchAll(/<a [^>]*>/g)].map(
    ([tag]) => `${/href="([^"]*)"/.exec(tag)?.[1]} ${/class="([^"]*)"/.exec(tag)?.[1]}`,
  );
  assert.deepEqual(found, [
    '#chapter ref ref-heading ref-heading-level2',
    '#more ref ref-appendix-level3',
    '#drawing ref ref-figure',
    '#numbers ref ref-table',
    '#chapter ref ref-heading ref-heading-level2',
  ]);
  assert.deepEqual(messages, []);
});
