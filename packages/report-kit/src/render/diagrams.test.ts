import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { imageSize } from 'image-size';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';
import type { RenderResult } from './job.ts';
import type { RenderLimits } from './limits.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ executablePath: 'bundled', warm: 1 });
});
after(async () => renderer.close());

async function html(
  template: string,
  data: unknown = {},
  limits: Partial<RenderLimits> = {},
): Promise<RenderResult & { html: string }> {
  const design: Design = {
    ...EMPTY_DESIGN,
    template,
  };
  const result = await renderer.render({ design, data, output: 'html', limits });
  return { ...result, html: Buffer.from(result.bytes).toString('utf8') };
}

test('a diagram becomes a drawing whose text is text, with what it shows in words', async () => {
  const result = await html(
    '<mermaid-diagram>\ngraph LR\n  A[Guest] --> B[Host & <more>]\n</mermaid-diagram>',
  );
  assert.deepEqual(result.messages, []);
  const drawing = /<svg[\s\S]*<\/svg>/.exec(result.html)?.[0] ?? '';
  assert.match(drawing, /<tspan[^>]*>Guest<\/tspan>/);
  assert.match(drawing, /role="img"/);
  assert.match(drawing, /aria-label="Guest/);
  assert.ok(!result.html.includes('class="mermaid"'));
});

test('a broken diagram is named with its field and line, and shown as it was written', async () => {
  const text = 'Before\n\n```mermaid\ngraph LR\n  A --> --> B\n```\n';
  const { messages, html: document } = await html('<markdown :text="impact" />', { impact: text });
  assert.deepEqual(
    messages.map(({ code, level, location }) => ({ code, level, location })),
    [{ code: 'diagram-broken', level: 'warning', location: { path: 'impact', line: 4 } }],
  );
  assert.match(
    messages[0]?.text ?? '',
    /^impact, line 4: a diagram \(“graph LR A --> --> B”\) cannot be drawn.*line 2/i,
  );
  assert.match(document, /<pre class="mermaid diagram-broken">graph LR/);
});

test('what a diagram says does not run, and loads nothing', async () => {
  const hostile = [
    'graph LR',
    '  A["<img src=x onerror=window.ran=1><script>window.ran=1</script>"] --> B["<b onclick=alert(1)>b</b>"]',
    '  click A "javascript:alert(1)"',
    '  click B call alert()',
    '  style A fill:#fff,background:url(https://report.invalid/x)',
  ].join('\n');
  const loose = `%%{init: {"securityLevel": "loose", "htmlLabels": true, "flowchart": {"htmlLabels": true}, "themeCSS": "@import url(https://report.invalid/y)"}}%%\n${hostile}`;
  const template = '<mermaid-diagram :text="a" /><mermaid-diagram :text="b" /><p>end</p>';
  const { html: document } = await html(template, { a: hostile, b: loose });
  for (const forbidden of [
    /<script/i,
    /onerror=/i,
    /onclick=/i,
    /javascript:/i,
    /<foreignObject/i,
    /<image/i,
    /report\.invalid/,
  ])
    assert.ok(!forbidden.test(document.replaceAll(/<pre[\s\S]*?<\/pre>/g, '')), String(forbidden));
});

test('diagrams are bounded: too long a one stays text', async () => {
  const long = `graph LR\n${'  A --> B\n'.repeat(3_000)}`;
  const { messages, html: document } = await html('<mermaid-diagram :text="a" />', { a: long });
  assert.deepEqual(
    messages.map(({ code }) => code),
    ['diagram-broken'],
  );
  assert.ok(!document.includes('<svg'));
});

test('a diagram that hangs costs its own picture only, and is named', async () => {
  const hangs = '```mermaid\nblock-beta\n  columns 3\n  a space:1000000000 b\n```\n';
  const works = '```mermaid\ngraph LR\n  A[Guest] --> B[Host]\n```\n';
  const { messages, html: document } = await html(
    '<markdown v-for="finding in findings" :text="finding.impact" /><p>end</p>',
    { findings: [{ impact: works }, { impact: `Text\n\n${hangs}` }, { impact: works }] },
    { diagramMs: 2_000 },
  );
  assert.deepEqual(
    messages.map(({ code, location }) => ({ code, location })),
    [{ code: 'diagram-broken', location: { path: 'findings[1].impact', line: 4 } }],
  );
  assert.match(messages[0]?.text ?? '', /a diagram \(“block-beta columns 3.*takes longer than 2 s/);
  assert.match(document, /<pre class="mermaid diagram-broken">block-beta/);
  assert.equal(document.match(/<svg/g)?.length, 2);
  assert.match(document, /<p>end<\/p>/);
});

test('drawings for other outputs are pixels and cleaned vectors, and a broken one says why', async () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" onload="alert(1)"><script>alert(1)</script><image href="https://report.invalid/x.png"/><rect width="40" height="20" fill="#c00"/></svg>';
  const [drawing, diagram, broken] = await renderer.draw([
    { kind: 'svg', source: svg },
    { kind: 'diagram', source: 'graph LR\n  A[Guest] --> B[Host]' },
    { kind: 'svg', source: '<svg' },
  ]);
  assert.ok(typeof drawing === 'object' && typeof diagram === 'object');
  assert.deepEqual([drawing.widthPx, drawing.heightPx], [40, 20]);
  assert.doesNotMatch(Buffer.from(drawing.svg).toString('utf8'), /script|onload|image/);
  assert.equal(imageSize(drawing.png).width, 100);
  assert.ok(diagram.png.length > 500);
  assert.match(Buffer.from(diagram.svg).toString('utf8'), /Guest/);
  assert.equal(broken, 'it is no SVG that can be read');
});
