import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { z } from 'zod';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import { builtInDesigns } from './load.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1 });
});
after(async () => renderer.close());

const sample = z.looseObject({ findings: z.array(z.looseObject({})) });

test('a running head names the chapter, whatever headings a text brings', async () => {
  const design = await builtInDesigns.pentest();
  const data = sample.parse(design.sample);
  const [first] = data.findings;
  const finding = { ...first, description: '# Heading of a text\n\nText.', affected_components: [] };
  const { bytes } = await renderer.render({
    design,
    data: { ...data, findings: [finding, finding] },
    output: 'pdf',
  });
  const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const last = await (await document.getPage(document.numPages)).getTextContent();
  const heads = last.items.flatMap(item =>
    'str' in item && Number(item.transform[5]) > 780 && item.str.trim() !== '' ? [item.str] : [],
  );
  assert.deepEqual(heads, ['Customer portal and dispatch application', 'Findings']);
  await document.destroy();
});

test('a finding without facts has no empty box for them', async () => {
  const design = await builtInDesigns.pentest();
  const data = sample.parse(design.sample);
  const finding = { id: 'f1', title: 'Nothing but a title' };
  const { bytes } = await renderer.render({ design, data: { ...data, findings: [finding] }, output: 'html' });
  assert.doesNotMatch(Buffer.from(bytes).toString('utf8'), /<dl class="facts">/);
});
