import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
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

test('a text outside of any tag is one artifact, whatever other spellings stand in it', () => {
  const text = [
    'BT',
    '<0001> Tj',
    '/Span<</ActualText <feff0066> >> BDC',
    '<0002> Tj',
    'EMC',
    '<0003> Tj',
    'ET',
  ];
  const tagged = ['/P <</MCID 0 >>BDC', ...text, 'EMC'];
  assert.deepEqual(markArtifacts(['q', ...text, ...tagged, 'Q'].join('\n')).split('\n'), [
    'q',
    '/Artifact BMC',
    ...text,
    'EMC',
    ...tagged,
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
    ...EMPTY_DESIGN,
    template,
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
    ['picture-undescribed', 'pdf-ua-unclaimed'],
  );
  assert.match(messages[0]?.text ?? '', /^1 of the pictures/);
});

const claims = (bytes: Uint8Array): boolean => Buffer.from(bytes).toString('latin1').includes('pdfuaid:part');

/** The structure below an element as roles, with the cells' spans: `Table(TR(TH TH) TR(TD TD))`. */
function outlineOf(objects: ReadonlyMap<number, string>, text: string): string {
  const role = /\/S \/(\w+)/.exec(text)?.[1] ?? '';
  const list = /\/K (\[[^\]]*\]|\d+ 0 R)/.exec(text)?.[1] ?? '';
  const kids = /^T[HD]$/.test(role)
    ? []
    : [...list.matchAll(/(\d+) 0 R/g)]
        .map(match => outlineOf(objects, objects.get(Number(match[1])) ?? ''))
        .filter(kid => !/^(?:NonStruct|Span)?$/.test(kid));
  const rows = /\/RowSpan ([2-9])/.exec(text)?.[1];
  return `${role}${rows === undefined ? '' : `:${rows}`}${kids.length > 0 ? `(${kids.join(' ')})` : ''}`;
}

async function structure(template: string, role: string): Promise<string[]> {
  const { bytes } = await renderer.render({ design: designOf(template), data: {}, output: 'pdf' });
  const objects = objectsOf(bytes);
  return [...objects.values()]
    .filter(text => new RegExp(`^<</Type /StructElem\n/S /${role}\\b`).test(text))
    .map(text => outlineOf(objects, text));
}

test('rows of a table are whole: cells that span rows count, one that reaches too far is cut, missing ones are added', async () => {
  const head = '<thead><tr><th>a</th><th>b</th><th>c</th></tr></thead>';
  const spanning = `<table>${head}<tbody><tr><td rowspan="2">1</td><td>2</td><td>3</td></tr><tr><td>4</td></tr><tr><td rowspan="9">5</td></tr></tbody></table>`;
  assert.deepEqual(await structure(spanning, 'Table'), [
    'Table(TR(TH TH TH) TR(TD:2 TD TD) TR(TD TD) TR(TD TD TD))',
  ]);
});

test('an empty cell keeps its place, so that those after it stay below their heads', async () => {
  const template =
    '<table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody><tr><td>1</td><td></td><td>3</td></tr></tbody></table>';
  const { bytes } = await renderer.render({ design: designOf(template), data: {}, output: 'pdf' });
  const objects = objectsOf(bytes);
  const names = [...objects.values()]
    .filter(text => text.includes('/S /TH'))
    .map(text => /\/ID \(?(\w+)/.exec(text)?.[1]);
  const heads = [...objects.values()]
    .filter(text => text.includes('/S /TD'))
    .map(text => /\/Headers \[\((\w+)\)/.exec(text)?.[1]);
  assert.equal(new Set(names).size, 3);
  assert.deepEqual(heads, names);
});

test('lists hold items only, and items stand in lists only', async () => {
  const template = '<ul><p>a</p><li>b</li></ul><li>alone</li><p>end</p>';
  assert.deepEqual(await structure(template, 'L'), ['L(LI(LBody(P)) LI(Lbl LBody))']);
});

test('a document says that it is PDF/UA-1 only where nothing that can be seen speaks against it', async () => {
  const pixel =
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const cases: readonly (readonly [template: string, reason: RegExp | undefined])[] = [
    [TEMPLATE, undefined],
    ['<h1>T</h1><div role="heading" aria-level="4">four</div><h2></h2><p lang="no such">x</p>', undefined],
    ['<h1>T</h1><div aria-hidden="true"><a href="https://e.invalid/">a</a></div>', undefined],
    ['<table role="presentation"><tbody><tr><td>a</td></tr></tbody></table>', undefined],
    [`<p>x</p><img src="${pixel}">`, /pictures without a description: 1/],
    ['<p>x</p><canvas width="9" height="9"></canvas>', /pictures without a description: 1/],
    ['<table><tbody><tr><td>Host</td></tr></tbody></table>', /tables without header cells: 1.*“Host”/],
    ['<p>\u0e44\u0e17\u0e22</p>', /characters that no font has/],
  ];
  for (const [template, reason] of cases) {
    const { bytes, messages } = await renderer.render({
      design: designOf(template),
      data: {},
      output: 'pdf',
    });
    const text = messages.find(({ code }) => code === 'pdf-ua-unclaimed')?.text;
    assert.equal(claims(bytes), reason === undefined, template);
    if (reason) assert.match(text ?? '', reason);
    else assert.equal(text, undefined);
  }
  const draft = await renderer.render({
    design: designOf(TEMPLATE),
    data: {},
    output: 'pdf',
    isDraft: true,
  });
  assert.ok(!claims(draft.bytes));
});

test('characters that no font has are named, with the field that they stand in', async () => {
  const { messages } = await renderer.render({
    design: designOf('<p>{{ title }}</p>'),
    data: { title: 'Bangkok\n\u0e44\u0e17\u0e22' },
    output: 'pdf',
  });
  const message = messages.find(({ code }) => code === 'glyph-missing');
  assert.deepEqual(message?.location, { path: 'title', line: 2 });
  assert.match(message?.text ?? '', /^title, line 2: Characters \(\u0e44 \u0e17 \u0e22\) are in no font/);
});
