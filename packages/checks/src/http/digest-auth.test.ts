import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { handleOfTemplate, loadTemplateSource, planTemplates, startScan } from '../index.ts';
import { digestAuthorization } from './digest-auth.ts';

const challenge = (text: string, status = 401) => ({
  status,
  headers: [['WWW-Authenticate', text]] as const,
});
const get = { method: 'GET', uri: '/dir/index.html' };
const mufasa = { username: 'Mufasa', password: 'Circle of Life' };

test('the examples of RFC 7616', () => {
  const given =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const nonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  for (const [algorithm, proof] of [
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ]) {
    const header = digestAuthorization(
      challenge(`Digest ${given}, algorithm=${algorithm}`),
      get,
      mufasa,
      nonce,
    );
    assert.match(header ?? '', new RegExp(`response="${proof ?? ''}"`));
    assert.match(
      header ?? '',
      /opaque="FQhe\/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001/,
    );
  }
});

test('what cannot be answered is left alone', () => {
  for (const response of [
    challenge('Digest realm="x", nonce="n"', 403),
    challenge('Basic realm="x"'),
    challenge('Digest realm="x", nonce="n", algorithm=SHA-3'),
    challenge('Digest realm="x", nonce="n", qop="auth-int"'),
    challenge(''),
  ])
    assert.equal(digestAuthorization(response, get, mufasa), undefined);
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const seen: string[] = [];
const server = createServer((request, response) => {
  const given = request.headers.authorization ?? '';
  seen.push(`${request.method} ${request.url} ${given === '' ? 'without' : 'with'}`);
  const field = (name: string): string => new RegExp(`${name}="?([^",]+)`).exec(given)?.[1] ?? '';
  const proof = md5(
    `${md5('admin:place:secret')}:once:${field('nc')}:${field('cnonce')}:auth:${md5(`GET:${request.url}`)}`,
  );
  if (field('response') === proof && field('uri') === request.url) response.end('welcome');
  else
    response
      .writeHead(401, { 'www-authenticate': 'Digest realm="place", nonce="once", qop="auth"' })
      .end('closed');
});
let origin = '';
before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});
after(() => server.close());

test('a template with credentials sees what lies behind the challenge', async () => {
  const scan = async (password: string): Promise<number> => {
    const template = loadTemplateSource(
      `id: d\ninfo: {name: D, author: a, severity: low}\nhttp:\n  - path: ['{{BaseURL}}/a?b=c']\n    digest-username: admin\n    digest-password: ${password}\n    matchers: [{type: word, words: [welcome]}]\n`,
      'd.yaml',
    );
    let results = 0;
    for await (const _ of startScan(planTemplates([handleOfTemplate(template)]), [origin])) results += 1;
    return results;
  };
  assert.equal(await scan('secret'), 1);
  assert.deepEqual(seen.splice(0), ['GET /a?b=c without', 'GET /a?b=c with']);
  assert.equal(await scan('wrong'), 0);
  assert.deepEqual(seen, ['GET /a?b=c without', 'GET /a?b=c with']);
  assert.throws(
    () =>
      loadTemplateSource(
        "id: d\ninfo: {name: D, author: a, severity: low}\nhttp:\n  - path: ['{{BaseURL}}']\n    digest-username: x\n",
        'd.yaml',
      ),
    /go together/,
  );
});
