/** Every case that an author should hear of: what it is, where it is, and how it is mended. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ executablePath: 'bundled', warm: 1 });
});
after(async () => renderer.close());

async function messagesOf(
  template: string,
  data: unknown = {},
  style = '',
  sharedLines = 0,
): Promise<readonly Message[]> {
  const design: Design = {
    ...EMPTY_DESIGN,
    template,
    style,
    sharedLines,
  };
  try {
    return (await renderer.render({ design, data, output: 'pdf' })).messages;
  } catch (error) {
    if (error instanceof RenderError) return error.messages;
    throw error;
  }
}

async function only(code: string, template: string, data: unknown = {}, style = ''): Promise<Message> {
  const messages = await messagesOf(template, data, style);
  const found = messages.find(message => message.code === code);
  assert.ok(found, `${code} is not among ${messages.map(message => message.code).join(', ')}`);
  return found;
}

test('a broken template: the line and column', async () => {
  const message = await only('template-invalid', '<p>one</p>\n<p v-if="">{{ a b }}</p>');
  assert.equal(message.level, 'error');
  assert.deepEqual([message.location?.file, message.location?.line], ['template.html', 2]);
});

test('an unknown variable: the line of the template, or the path in the data', async () => {
  const named = await only('variable-unknown', '<p>one</p>\n<p>{{ organisaton }}</p>', { organisation: 'x' });
  assert.deepEqual(named.location, { file: 'template.html', line: 2 });
  const read = await only('variable-unknown', '<p>{{ report.titel }}</p>', { report: { title: 'x' } });
  assert.equal(read.location?.path, 'report.titel');
});

test('a picture that is missing and a request that is refused: the finding and field that name them', async () => {
  const data = {
    findings: [
      { impact: '' },
      { impact: 'Text\n\n![Shot](/images/name/shot.png)\n', note: 'https://report.invalid/x.png' },
    ],
  };
  const missing = await only('image-missing', '<markdown :text="findings[1].impact" />', data);
  assert.equal(missing.location?.path, 'findings[1].impact');
  assert.equal(missing.location?.line, 3);
  assert.match(missing.text, /^findings\[1\]\.impact, line 3: The picture .* add it to the assets/);
  const refused = await only('request-blocked', '<img :src="findings[1].note" alt="">', data);
  assert.equal(refused.location?.path, 'findings[1].note');
});

test('text that is too wide: the element and the place near it', async () => {
  const message = await only(
    'content-too-wide',
    '<h2 id="here">Title</h2><section id="there"><p style="white-space: nowrap">{{ "word ".repeat(200) }}</p></section>',
  );
  assert.equal(message.location?.path, '#there');
});

test('a table that cannot break: what keeps it together, or the row that is too high', async () => {
  const rows = '<table id="t"><tr v-for="n in 200" :key="n"><td>row {{ n }}</td></tr></table>';
  const kept = await only(
    'table-cannot-break',
    `<div class="box">${rows}</div>`,
    {},
    '.box { break-inside: avoid }',
  );
  assert.match(kept.text, /“row 1”, near #t, .*<div class="box"> around it has break-inside: avoid/);
  assert.equal(kept.location?.path, '#t');
  const high = await only(
    'table-cannot-break',
    '<table><tr><td>head</td></tr><tr><td><p v-for="n in 200" :key="n">line {{ n }}</p></td></tr></table>',
  );
  assert.match(high.text, /its row “line 1line 2.*” is \d+ px high/);
  assert.ok(!(await messagesOf(rows)).some(message => message.level === 'warning'));
});

test('a reference in a text that leads nowhere: the field and line', async () => {
  const texts = {
    findings: [{ impact: 'One\n\nSee [](#nowhere) and [](#there).' }, { impact: '## There {#there}' }],
  };
  const message = await only(
    'reference-broken',
    '<markdown v-for="finding in findings" :text="finding.impact" />',
    texts,
  );
  assert.deepEqual(message.location, { path: 'findings[0].impact', line: 3 });
  assert.match(message.text, /"nowhere" has no target/);
});

test('a picture or request that the design itself names: the line of the design', async () => {
  const missing = await only('image-missing', '<p>a</p>\n<img src="assets/none.png" alt="x">');
  assert.deepEqual([missing.location?.file, missing.location?.line], ['template.html', 2]);
  const refused = await only(
    'request-blocked',
    '<p>a</p>',
    {},
    'p {}\np { background: url(https://report.invalid/a.png) }',
  );
  assert.deepEqual([refused.location?.file, refused.location?.line], ['style.css', 2]);
});

test('a template that fails: what it read that is not there, and what to do', async () => {
  const message = await only('template-failed', '<p>{{ report.x.y }}</p>', { report: {} });
  assert.match(
    message.text,
    /after it read report\.x, which the data does not have\. Ask for what may be missing/,
  );
});

test('what imported designs find in their scope is there', async () => {
  const template =
    '<p>{{ report.findings.length }}{{ computed(() => 1).value }}{{ typeof chartjsPlugins.DataLabels }}</p>';
  assert.deepEqual(await messagesOf(template, { report: { title: 'x' }, findings: [{}] }), []);
});

test('a fault in a style sheet: the line of the design’s own file, or of the shared one', async () => {
  const style = 'p {}\np { color: red';
  const own = await only('style-invalid', '<p>a</p>', {}, style);
  assert.deepEqual([own.location?.file, own.location?.line], ['style.css', 2]);
  const [later] = await messagesOf('<p>a</p>', {}, style, 1);
  assert.deepEqual([later?.location?.file, later?.location?.line], ['style.css', 1]);
  assert.match(later?.text ?? '', /^style\.css, line 1: /);
  const [shared] = await messagesOf('<p>a</p>', {}, style, 2);
  assert.deepEqual([shared?.location?.file, shared?.location?.line], ['_shared/style.css', 2]);
});

test('a label that is missing: the line that asks for it', async () => {
  const message = await only('label-missing', "<p>a</p>\n<p>{{ t('no.such') }}</p>");
  assert.deepEqual([message.location?.file, message.location?.line], ['template.html', 2]);
});
