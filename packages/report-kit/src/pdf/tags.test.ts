import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Design } from '../design/design.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import { markArtifacts } from './artifacts.ts';

test('what is drawn outside of any tag is marked as an artifact, path and paint together', () => {
  const content = [
    'q',
    '0 0 100 100 re',
    'W* n',
    '.9 .9 .9 rg',
    '0 0 m',
    '10 0 l',
    'S',
    '/P <</MCID 0 >>BDC',
    '1 1 2 2 re',
    'f',
    'BT',
    '<0001> Tj',
    'ET',
    'EMC',
    '/Fm1 Do',
    'Q',
  ];
  assert.deepEqual(markArtifacts(content.join('\n')).split('\n'), [
    ...content.slice(0, 4),
    '/Artifact BMC',
    ...content.slice(4, 7),
    'EMC',
    ...content.slice(7, 14),
    '/Artifact BMC',
    '/Fm1 Do',
    'EMC',
    'Q',
  ]);
});

const TEMPLATE = `<h1>One</h1><h3>Three</h3>
<ol class="toc"><li><a href="#there">The place</a></li></ol>
<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td></td></tr></tbody></table>
<figure><pre>listing</pre><figcaption>Its caption</figcaption></figure>
<p style="background: #eee"><strong id="there">strong</strong> <a href="https://example.test/x">out</a></p>`;

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ executablePath: 'bundled', warm: 1 });
});
after(async () => renderer.close());

function designOf(template: string): Design {
  return {
    id: 'test',
    name: 'Test',
    description: '',
    language: 'en',
    data: '',
    titlePath: '',
    authorPath: '',
    template,
    style: '',
    partials: {},
    labels: {},
    assets: new Map(),
    sample: null,
  };
}

/** The last version of each object of an updated file. */
function objectsOf(bytes: Uint8Array): Map<number, string> {
  const text = Buffer.from(bytes).toString('latin1');
  const objects = new Map<number, string>();
  for (const match of text.matchAll(/(?:^|\n)(\d+) 0 obj\n([^]*?)\nendobj/g))
    objects.set(Number(match[1]), match[2] ?? '');
  return objects;
}

test('a printed document keeps to what PDF/UA-1 asks of lists, tables, headings, links and figures', async () => {
  const { bytes } = await renderer.render({ design: designOf(TEMPLATE), data: {}, output: 'pdf' });
  const objects = objectsOf(bytes);
  const elements = [...objects].filter(([, text]) => text.startsWith('<</Type /StructElem'));
  const kidsOf = (text: string): string[] => {
    const list = /\/K (\[[^\]]*\]|\d+ 0 R)/.exec(text)?.[1] ?? '';
    return [...list.matchAll(/(\d+) 0 R/g)].map(match => {
      const kid = objects.get(Number(match[1])) ?? '';
      return /\/S \/(\w+)/.exec(kid)?.[1] ?? '';
    });
  };
  const ofRole = (role: string): string[] =>
    elements.map(([, text]) => text).filter(text => new RegExp(`/S /${role}\\b`).test(text));
  for (const item of ofRole('LI')) assert.deepEqual(kidsOf(item), ['LBody']);
  assert.deepEqual(
    ofRole('TR').map(row => kidsOf(row).length),
    [2, 2],
  );
  assert.equal(ofRole('H2').length, 1);
  assert.equal(ofRole('H3').length, 0);
  assert.equal(ofRole('Figure').length, 0);
  const all = Buffer.from(bytes).toString('latin1');
  assert.match(all, /\/RoleMap <<\/Strong \/Span/);
  const links = [...objects.values()].filter(text => text.includes('/Subtype /Link'));
  assert.equal(links.length, 2);
  for (const link of links) assert.match(link, /\/Contents [<(]/);
  assert.ok(
    links.some(link =>
      link.includes(Buffer.from('﻿The place', 'utf16le').swap16().toString('hex').toUpperCase()),
    ),
  );
  assert.match(all, /<pdfuaid:part>1</);
});

test('a picture that says nothing is named in a message', async () => {
  const pixel =
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const { messages } = await renderer.render({
    design: designOf(`<img src="${pixel}"><img alt="" src="${pixel}"><img alt="A dot" src="${pixel}">`),
    data: {},
    output: 'pdf',
  });
  assert.deepEqual(
    messages.map(({ code }) => code),
    ['picture-undescribed'],
  );
  assert.match(messages[0]?.text ?? '', /^1 of the pictures/);
});
