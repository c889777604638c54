import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { builtInDesigns } from '../design/load.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/renderer.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1 });
});
after(async () => renderer.close());

test('the HTML file needs nothing else and cannot run anything', async () => {
  const design = await builtInDesigns['attack-surface']();
  const sample = design.sample as { findings: Record<string, unknown>[] };
  const hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))';
  const findings = sample.findings.map((finding, index) =>
    index === 0
      ? { ...finding, description: hostile, evidence: [{ label: 'x', text: '<script>alert(2)</script>' }] }
      : finding,
  );
  const { bytes } = await renderer.render({ design, data: { ...sample, findings }, output: 'html' });
  const html = Buffer.from(bytes).toString('utf8');
  assert.ok(html.startsWith('<!doctype html>\n<html lang="en">'));
  assert.ok(!/<script/i.test(html));
  assert.ok(!/<[^>]+\son[a-z]+=/i.test(html));
  assert.ok(!/=\s*["']?\s*javascript:/i.test(html));
  assert.ok(!html.includes('report.invalid'));
  assert.deepEqual(html.match(/\ssrc="(?!data:)[^"]*"/g) ?? [], []);
  assert.deepEqual(html.match(/url\(\s*['"]?(?!data:)[^)]*\)/g) ?? [], []);
  assert.ok(html.includes('&lt;script&gt;alert(2)&lt;/script&gt;'));
});

test('on a phone and on a tablet nothing is wider than the screen, and tables are as wide as the text', async () => {
  const launched = await renderer.launchBrowser();
  try {
    const context = await launched.browser.newContext();
    const page = await context.newPage();
    for (const name of ['attack-surface', 'pentest', 'executive-summary'] as const) {
      const design = await builtInDesigns[name]();
      const { bytes } = await renderer.render({ design, data: design.sample, output: 'html' });
      await page.setContent(Buffer.from(bytes).toString('utf8'));
      for (const width of [390, 768]) {
        await page.setViewportSize({ width, height: 844 });
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, name);
      }
      const narrow = `[...document.querySelectorAll('#report table')].filter(table =>
        Math.abs(table.getBoundingClientRect().width - table.parentElement.getBoundingClientRect().width) > 60).length`;
      assert.equal(await page.evaluate(narrow), 0, name);
    }
  } finally {
    await launched.close();
  }
});
