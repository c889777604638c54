import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { builtInDesigns } from '../design/load.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1 });
});
after(async () => renderer.close());

test('the attack-surface sample becomes a PDF without a message, with page numbers in its contents', async () => {
  const design = await builtInDesigns['attack-surface']();
  const result = await renderer.render({ design, data: design.sample, output: 'pdf' });
  assert.deepEqual(result.messages, []);
  assert.equal(Buffer.from(result.bytes.subarray(0, 5)).toString('latin1'), '%PDF-');
  assert.ok((result.pageCount ?? 0) > 8);
});

test('data that does not fit the design is refused with the path of each fault', async () => {
  const design = await builtInDesigns['attack-surface']();
  await assert.rejects(
    renderer.render({
      design,
      data: { organisation: 'A', findings: [{ id: '1', severity: 'odd' }] },
      output: 'pdf',
    }),
    (error: { code?: string; messages?: readonly { location?: { path?: string } }[] }) =>
      error.code === 'data-invalid' &&
      error.messages?.some(message => message.location?.path === 'findings[0].severity') === true,
  );
});
