import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SOURCE = join(import.meta.dirname, '..', 'src');
const texts: unknown = {
  ...(await import('../src/i18n/en.ts')).en,
  // Come with their pages.
  ...(await import('../src/i18n/later-sign-in.ts')).laterTexts,
  ...(await import('../src/i18n/later-provisioning.ts')).provisioningTexts,
};

function textOf(key: string): unknown {
  return key.split('.').reduce<unknown>((at, part) => {
    return typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined;
  }, texts);
}

const sources = globSync('**/*.{ts,vue}', {
  cwd: SOURCE,
  exclude: path => String(path).endsWith('.test.ts'),
}).map(path => ({ path, text: readFileSync(join(SOURCE, path), 'utf8') }));

test('every text that is asked for by name exists', () => {
  const missing = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/(?:\$t|\bt|\btranslate)\(\s*'([\w.-]+)'/g)]
      .map(([, key = '']) => key)
      .filter(key => typeof textOf(key) !== 'string')
      .map(key => `${path}: ${key}`),
  );
  assert.deepEqual(missing, []);
});

test('every text is used', () => {
  const all = sources.map(source => source.text).join('\n');
  const prefixes = [...all.matchAll(/(?:\$t|\bt)\(\s*`([\w.-]+)\$\{/g)].map(([, prefix = '']) => prefix);
  const unused = keysOf(texts, '').filter(
    key => !all.includes(`'${key}'`) && !prefixes.some(prefix => key.startsWith(prefix)),
  );
  assert.deepEqual(
    unused.filter(key => !key.startsWith('attribute.')),
    [],
  );
});

test('templates hold no words of their own', () => {
  const words = sources
    .filter(source => source.path.endsWith('.vue'))
    .flatMap(({ path, text }) => {
      const template = /<template>([\s\S]*)<\/template>/.exec(text)?.[1] ?? '';
      const plain = template
        .replace(/\{\{[\s\S]*?\}\}/g, '')
        .replace(/<!--[\s\S]*?-->/g, '')
        .replace(/<[a-zA-Z/](?:"[^"]*"|[^">])*>/g, '\n');
      return [...plain.matchAll(/[A-Za-z]{3,}/g)].map(([word]) => `${path}: ${word}`);
    });
  assert.deepEqual(
    words.filter(word => !/: (Glacis|CWE|TXT)$/.test(word)),
    [],
  );
});

test('nothing turns text into markup', () => {
  for (const { path, text } of sources)
    assert.doesNotMatch(text, /v-html|innerHTML|insertAdjacentHTML/, path);
});

test('a feature never imports a sibling, and shared components know no API', () => {
  const broken = sources.flatMap(({ path, text }) => {
    const feature = /^features\/([^/]+)\//.exec(path)?.[1];
    return [...text.matchAll(/from '(\.[^']+)'/g)]
      .map(([, specifier = '']) => join(path, '..', specifier))
      .filter(target =>
        feature
          ? target.startsWith('features/') && !target.startsWith(`features/${feature}/`)
          : path.startsWith('components/') && /^(api|features|session|shell)\//.test(target),
      )
      .map(target => `${path} → ${target}`);
  });
  assert.deepEqual(broken, []);
});

function keysOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    keysOf(inner, path === '' ? name : `${path}.${name}`),
  );
}
