import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EgressError } from '@glacis/foundation';
import type { BrowserCapability, Observation } from '@glacis/engine';
import { coverageOf, usePractice } from '../test/practice.ts';
import { openJob } from '../test/scan-in-memory.ts';
import screenshot from './screenshot.ts';

const practice = usePractice('screenshot');

async function shoot(browser: BrowserCapability, ...keys: string[]): Promise<Observation[]> {
  const job = openJob(practice().terrain);
  const context = {
    ...job.capabilities,
    browser,
    scope: job.scope,
    signal: job.signal,
    options: screenshot.options.parse({}),
  };
  const found: Observation[] = [];
  for await (const each of screenshot.run(
    context,
    keys.map(key => ({ kind: 'website', key, attributes: {} })),
  ))
    found.push(each);
  await job.close();
  return found;
}

test('a picture becomes a blob, a browser that fails becomes coverage', async () => {
  const asked: string[] = [];
  const seen = await shoot(
    {
      screenshot(url, options) {
        asked.push(`${url} ${options.width}x${options.height}`);
        return url.includes('bad')
          ? Promise.reject(new EgressError('timeout', 'The page did not load.'))
          : Promise.resolve({ bytes: new Uint8Array([1, 2]), title: 'T'.repeat(500), status: 200 });
      },
    },
    'http://good.test',
    'http://bad.test:8080',
  );
  assert.deepEqual(asked.sort(), ['http://bad.test:8080/ 1280x800', 'http://good.test/ 1280x800']);
  const blobs = seen.filter(each => each.type === 'blob');
  assert.deepEqual(
    blobs.map(({ asset, mediaType, bytes }) => [asset.key, mediaType, bytes.length]),
    [['http://good.test', 'image/png', 2]],
  );
  assert.deepEqual(coverageOf(seen), { 'http://good.test': 'looked', 'http://bad.test:8080': 'unreachable' });
});

test('sites that only redirect are not pictured', () => {
  const site = (attributes: Record<string, string | number>) => ({
    kind: 'website' as const,
    key: 'http://x.test',
    attributes,
  });
  assert.equal(screenshot.accepts?.(site({ status: 200 })), true);
  assert.equal(screenshot.accepts?.(site({ status: 301, location: 'https://y.test/' })), false);
  assert.equal(screenshot.accepts?.(site({})), false);
});
