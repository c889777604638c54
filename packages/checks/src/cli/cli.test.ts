import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serveHttp, template } from '../../test/loopback.ts';

const BIN = fileURLToPath(new URL('../../bin/glacis-checks.mjs', import.meta.url));

async function call(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('the command', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'checks-'));
    writeFileSync(
      join(folder, 'good.yaml'),
      template(
        "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{who}}']\n    matchers: [{type: word, name: hit, words: [yes]}]\n",
        'good',
      ),
    );
    writeFileSync(
      join(folder, 'noisy.yaml'),
      template(
        "  tags: dos\nhttp:\n  - method: GET\n    path: ['{{BaseURL}}/noisy']\n    matchers: [{type: word, words: [yes]}]\n",
        'noisy',
      ),
    );
    writeFileSync(join(folder, 'bad.yaml'), template('headless:\n  - steps: []\n', 'bad'));
  });
  after(() => rmSync(folder, { recursive: true }));

  test('-validate ends with one JSON line', async () => {
    const { stdout, code } = await call('-validate', '-t', folder);
    assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), {
      loaded: 2,
      rejected: [{ file: 'bad.yaml', reason: 'unsupported: headless' }],
    });
    assert.equal(code, 1);
  });

  test('-jsonl prints records with the common keys; excluded tags do not run', async () => {
    await using server = await serveHttp((_, response) => response.end('yes'));
    const output = join(folder, 'out.jsonl');
    const { stdout, code } = await call(
      '-t',
      folder,
      '-u',
      server.url,
      '-jsonl',
      '-no-cache',
      '-silent',
      '-V',
      'who=me',
      '-H',
      'X-A: b',
      '-o',
      output,
    );
    const records = stdout.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    assert.equal(code, 0);
    assert.deepEqual(
      records.map(record => [record['template-id'], record['matcher-name'], record['matched-at']]),
      [['good', 'hit', `${server.url}/me`]],
    );
    for (const key of [
      'template',
      'template-path',
      'info',
      'type',
      'host',
      'port',
      'scheme',
      'url',
      'path',
      'request',
      'response',
      'ip',
      'timestamp',
      'curl-command',
      'matcher-status',
    ])
      assert.ok(key in (records[0] ?? {}), key);
    assert.equal(readFileSync(output, 'utf8'), stdout);
    assert.equal(server.seen[0]?.headers['x-a'], 'b');
    await call('-t', folder, '-u', server.url, '-no-cache', '-silent', '-itags', 'dos', '-id', 'noisy');
    assert.equal(server.seen.at(-1)?.url, '/noisy');
  });

  test('mistakes get a sentence and exit code 1', async () => {
    assert.match((await call('-nosuch')).stderr, /-nosuch is no flag/);
    assert.match((await call('-u')).stderr, /needs a value/);
    const missing = await call('-u', 'http://127.0.0.1:1', '-t', join(folder, 'nowhere'));
    assert.match(missing.stderr, /does not exist/);
    assert.equal(missing.code, 1);
  });

  test('update copies what loads, and says what does not', async () => {
    const to = join(folder, 'copied');
    const { stdout } = await call('update', '--from', folder, '--to', to);
    const summary = JSON.parse(stdout) as { taken: number; refused: unknown[] };
    assert.equal(summary.taken, 2);
    assert.deepEqual(summary.refused, [{ file: 'bad.yaml', reason: 'unsupported: headless' }]);
    assert.match((await call('update', '--from', join(folder, 'nowhere'))).stderr, /does not exist/);
  });
});
