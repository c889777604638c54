import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateFields } from '../outline/index.ts';
import { labelledStyle } from './design.ts';
import { builtInDesigns } from './load.ts';

const LANGUAGES = ['de', 'en', 'es', 'fr'];
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

for (const [name, load] of Object.entries(builtInDesigns)) {
  test(`${name}: every label exists in every language, with the same values to fill in`, async () => {
    const { labels } = await load();
    assert.deepEqual(Object.keys(labels).sort(), LANGUAGES);
    const english = labels['en'] ?? {};
    for (const language of LANGUAGES) {
      assert.deepEqual(Object.keys(labels[language] ?? {}).sort(), Object.keys(english).sort(), language);
      for (const [key, text] of Object.entries(labels[language] ?? {})) {
        assert.notEqual(text.trim(), '', `${language}: ${key}`);
        assert.deepEqual(placeholders(text), placeholders(english[key] ?? ''), `${language}: ${key}`);
      }
    }
  });

  test(`${name}: every label that the template names exists`, async () => {
    const { labels, template, partials, style } = await load();
    const english = labels['en'] ?? {};
    const source = [template, ...Object.values(partials)].join('\n');
    for (const [, key = ''] of source.matchAll(/\bt\(\s*'([\w.-]+)'/g)) assert.ok(key in english, key);
    for (const [, key = ''] of source.matchAll(/\btn\(\s*'([\w.-]+)'/g))
      assert.ok(`${key}.other` in english, key);
    for (const [, key = ''] of style.matchAll(/\blabel\('([\w.-]+)'\)/g)) assert.ok(key in english, key);
  });

  test(`${name}: has field definitions, and a label in each language for each of them`, async () => {
    const { fields, labels } = await load();
    assert.ok(fields && fields.finding_fields.some(({ id }) => id === 'title'));
    const english = labels['en'] ?? {};
    assert.deepEqual(translateFields(fields, english), fields, 'English says the same in both places');
    const probe = Object.fromEntries(Object.keys(english).map(key => [key, '✓']));
    const translated = JSON.stringify(translateFields(fields, probe));
    for (const [, label] of translated.matchAll(/"label":"([^"]*)"/g)) assert.equal(label, '✓');
  });
}

test('labels stand in style sheets as texts', () => {
  assert.equal(
    labelledStyle(`a { content: label('x') label("y.z") }`, { x: 'It "is"', 'y.z': 'z' }),
    `a { content: "It \\"is\\"" "z" }`,
  );
});
