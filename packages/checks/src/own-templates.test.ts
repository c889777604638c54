import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveHttp } from '../test/loopback.ts';
import { OWN_TEMPLATES, openTemplates, planTemplates, startScan } from './index.ts';

const set = openTemplates([OWN_TEMPLATES]);

async function matched(url: string): Promise<Set<string>> {
  const handles = set.templates.filter(handle =>
    handle.entry.protocols.every(protocol => protocol === 'http'),
  );
  const found = new Set<string>();
  for await (const result of startScan(planTemplates(handles), [url], {
    rateLimit: 0,
    timeoutMs: 2_000,
    maxHostError: 0,
  }))
    found.add(result['template-id']);
  return found;
}

test('all of the package’s own templates load, with ids of their own', () => {
  assert.deepEqual(set.rejected, []);
  assert.ok(set.templates.length >= 60);
  assert.equal(new Set(set.templates.map(handle => handle.entry.id)).size, set.templates.length);
});

test('they find what is exposed', async () => {
  const pages: Readonly<Record<string, string>> = {
    '/.git/config':
      '[core]\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = git@host.example:a/b.git\n',
    '/.env': 'APP_ENV=production\nDB_PASSWORD=hunter2\n',
    '/server-status':
      '<html><head><title>Apache Status</title></head><body><h1>Apache Server Status for host</h1></body></html>',
    '/debug/pprof/': '<html><title>/debug/pprof/</title><body>goroutine heap</body></html>',
    '/': '<html><head><title>Index of /</title></head></html>',
    '/v3/api-docs': '{"openapi":"3.0.1","paths":{}}',
    '/backup.zip': 'PK\x03\x04rest',
  };
  await using server = await serveHttp((request, response) => {
    const page = pages[request.url.split('?', 1)[0] ?? ''];
    const { origin } = request.headers;
    if (origin !== undefined)
      response
        .setHeader('access-control-allow-origin', origin)
        .setHeader('access-control-allow-credentials', 'true');
    response
      .setHeader('server', 'nginx/1.18.0')
      .writeHead(page === undefined ? 404 : 200)
      .end(page ?? 'not here', 'latin1');
  });
  const found = await matched(server.url);
  for (const id of [
    'exposed-git-config',
    'exposed-env-file',
    'apache-server-status',
    'go-pprof',
    'directory-listing',
    'exposed-swagger',
    'exposed-backup-archive',
    'cors-any-origin',
    'server-version-disclosed',
  ])
    assert.ok(found.has(id), id);
  assert.ok(found.size < 16, [...found].join());
});

test('a server that answers every path with the same page is not full of findings', async () => {
  await using server = await serveHttp((_, response) =>
    response
      .writeHead(200, {
        'content-type': 'text/html',
        'content-security-policy': "default-src 'self'",
        'x-content-type-options': 'nosniff',
      })
      .end(
        '<!doctype html><html><head><title>Shop</title></head><body>Everything is found here: version, token, password.</body></html>',
      ),
  );
  assert.deepEqual([...(await matched(server.url))], []);
});
