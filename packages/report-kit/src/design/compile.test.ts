import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { compileDesign } from './compile.ts';
import type { Design } from './design.ts';
import { EMPTY_DESIGN } from './empty-design.sample.ts';
import { builtInDesigns } from './load.ts';
import { COMPONENTS } from './template-faults.ts';

const said = (design: Partial<Design>): string[] =>
  compileDesign({ ...EMPTY_DESIGN, ...design }).messages.map(({ level, text }) => `${level}: ${text}`);

const FAULTS: readonly (readonly [string, RegExp])[] = [
  ['<p>a</p>\n<div>b', /^error: template\.html, line 2: <div> is never closed: add <\/div>/],
  ['<p>a</p>\n</div>', /line 2: <\/div> closes nothing that is open/],
  ['<p>a</p>\n<p>{{ a + }}</p>', /line 2: “a \+” cannot be read as JavaScript \(Unexpected token\): mend it/],
  ['<p v-for="x i y">a</p>', /write v-for="item in items"/],
  ['<p v-if="">a</p>', /line 1: .*: mend/],
  ['<p v-else>a</p>', /line 1: .*: mend the template there/],
  [
    '<table><tr><td>a</td></tr></table>',
    /^warning: .*<tr> cannot stand inside <table>.*put <tbody> around it/,
  ],
  ['<p>a</p>\n<markdwon :text="data" />', /^warning: .*line 2: <markdwon> is neither HTML nor a component/],
];

test('each fault of a template says where it is and how it is mended', () => {
  for (const [template, wanted] of FAULTS) assert.match(said({ template })[0] ?? 'nothing', wanted);
  const [inPartial] = said({ partials: { box: '<!-- props: a -->\n<p>\n{{ b( }}</p>' } });
  assert.match(inPartial ?? '', /^error: partials\/box\.html, line 3: “b\(” cannot be read/);
});

test('components are known as Vue finds them, and partials with them', () => {
  const template =
    '<XBox /><x-box /><page-of to="a" /><small-box /><footnote>a</footnote><component is="p" /><teleport to="head" /><svg><g /></svg>';
  assert.deepEqual(said({ template, partials: { XBox: '<p />', smallBox: '<p />' } }), []);
  assert.match(
    said({ template: '<SmallBox />', partials: { 'small-box': '<p />' } })[0] ?? '',
    /<SmallBox> is neither/,
  );
});

test('a label that a style sheet names and no language has is named with its line', () => {
  const style = "p {}\n@page { @top-left { content: label('here') label('gone') } }";
  assert.deepEqual(said({ style, labels: { de: { here: 'x' } } }), [
    'warning: style.css, line 2: there is no label "gone" in any language: add it to the design\'s labels.',
  ]);
});

test('the list of components is that of the page', async () => {
  const folder = new URL('../render/page/', import.meta.url);
  const sources = await Promise.all(
    (await readdir(folder))
      .filter(name => name.endsWith('.js'))
      .map(name => readFile(new URL(name, folder), 'utf8')),
  );
  const found = sources.flatMap(source =>
    [...source.matchAll(/kit\.components(?:\.([a-z]+)|\['([a-z-]+)'\]) =/g)].map(
      match => match[1] ?? match[2] ?? '',
    ),
  );
  assert.deepEqual(found.toSorted(), [...COMPONENTS].toSorted());
});

test('the designs of the package have no faults', async () => {
  for (const load of Object.values(builtInDesigns))
    assert.deepEqual(compileDesign(await load()).messages, []);
});
