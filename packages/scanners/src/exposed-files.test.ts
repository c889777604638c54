import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { findingsOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import exposedFiles from './exposed-files.ts';

const practice = usePractice('exposed-files');
const closers: (() => void)[] = [];
after(() => closers.forEach(close => close()));

test('exposures of every site are those of the truth', async () => {
  const seen = await runScanner(exposedFiles, practice().assets('website'), practice().terrain);
  const expected = practice()
    .net.truth.findings.filter(({ foundBy }) => foundBy.includes('exposed-files'))
    .map(({ ruleId, assetKey, parameter }) => `${ruleId} ${assetKey} ${parameter}`);
  assert.ok(expected.length > 8);
  assert.deepEqual(findingsOf(seen), expected.sort());
});

test('secrets of an environment file stay out of the evidence', async () => {
  const seen = await runScanner(
    exposedFiles,
    [{ kind: 'website', key: 'http://staging.larkspur.test:8080' }],
    practice().terrain,
  );
  const text = JSON.stringify(seen);
  assert.match(text, /DB_PASSWORD=…/);
  assert.doesNotMatch(text, /DB_HOST=db/);
});

/** Findings on a site that answers each path with the given text. */
async function on(answer: (path: string) => { status: number; body: string; type?: string } | undefined) {
  const address = `127.${practice().net.world.plan.block}.200.12`;
  const server = createServer((request, response) => {
    const { status, body, type = 'text/html' } = answer(request.url ?? '/') ?? { status: 404, body: 'none' };
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>(resolve => server.listen({ host: address, port: 0 }, resolve));
  closers.push(() => server.close());
  const bound = server.address();
  const key = `http://${address}:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const { terrain } = practice();
  const scope = { ...terrain.scope, networks: [`${address}/32`] };
  const seen = await runScanner(exposedFiles, [{ kind: 'website', key }], { ...terrain, scope });
  return findingsOf(seen).map(text => text.replace(` ${key}`, ''));
}

const SIGN_IN = '<form method="post"><input name="u"><input type="password" name="p"></form>';

test('a site that shows its log-in everywhere has no administration panel', async () => {
  assert.deepEqual(await on(path => ({ status: 200, body: `<title>${path}</title>${SIGN_IN}` })), []);
});

test('pages that only look like exposures are not reported', async () => {
  const found = await on(path => {
    if (path === '/.git/HEAD') return { status: 200, body: '<html>ref: refs/heads/main</html>' };
    if (path === '/.env') return { status: 200, body: 'No such file: APP_KEY=1', type: 'text/plain' };
    if (path === '/files/') return { status: 200, body: '<title>Our files</title> Index of /files' };
    if (path === '/admin/') return { status: 200, body: '<title>Admin</title>Closed.' };
    if (path === '/wp-login.php') return { status: 200, body: SIGN_IN };
    if (path === '/manager/html') return { status: 401, body: 'no' };
    return undefined;
  });
  assert.deepEqual(found, []);
});

test('folders that the start page names are looked at too', async () => {
  const found = await on(path => {
    if (path === '/')
      return { status: 200, body: '<img src="/media/2026/cat.png"><a href="http://else.test/x/">' };
    if (path === '/media/2026/') return { status: 200, body: '<title>Index of /media/2026/</title>' };
    return undefined;
  });
  assert.deepEqual(found, ['http.directory-listing /media/2026/']);
});
