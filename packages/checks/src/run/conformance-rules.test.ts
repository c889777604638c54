import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run, serveHttp, template } from '../../test/loopback.ts';
import type { Ran, TestServer } from '../../test/loopback.ts';
import type { ScanOptions } from '../index.ts';

// What nuclei 3.4.10 did with the same templates on the same server, where it was run beside this engine.
const raw = (text: string, rest = ''): string =>
  template(`http:\n  - raw:\n      - |\n${text.split('\n').map(line => `        ${line}`).join('\n')}\n\n${rest}`); // prettier-ignore
const get = (path: string, rest: string): string =>
  template(`http:\n  - method: GET\n    path: ['${path}']\n${rest}`);
const STATUS = '    matchers:\n      - type: status\n        status: [200]\n';
const word = (text: string): string => `    matchers:\n      - type: word\n        words: ['${text}']\n`;

async function on(
  source: string | readonly string[],
  options: ScanOptions = {},
  path = '',
): Promise<Ran & { server: TestServer }> {
  await using server = await serveHttp((request, response) => {
    if (request.url.startsWith('/moved'))
      response.writeHead(302, { location: request.url.replace('moved', 'landed') }).end('moved');
    else if (request.url.startsWith('/list')) response.end('href="a" href="b" value="one"');
    else if (request.url.startsWith('/none')) response.writeHead(404).end('none');
    else response.end(`page ${request.method} ${request.url} ${request.body}`);
  });
  const ran = await run(source, server.url + path, options);
  return { ...ran, server };
}

const urls = ({ server }: { server: TestServer }): string[] => server.seen.map(({ url }) => url);
const matched = ({ results, server }: Ran & { server: TestServer }): string[] =>
  results.map(result => result['matched-at'].replace(server.url, ''));

describe('the target and its request', () => {
  test('what results show is the URL as the template spells it', async () => {
    assert.deepEqual(matched(await on(get('{{BaseURL}}', STATUS))), ['']);
    assert.deepEqual(matched(await on(get('{{BaseURL}}/', STATUS))), ['/']);
    assert.deepEqual(matched(await on(get('{{BaseURL}}?a=1', STATUS))), ['?a=1']);
    assert.deepEqual(matched(await on(get('{{BaseURL}}/x#y', STATUS))), ['/x#y']);
  });

  test('the port behind BaseURL replaces that of the target', async () => {
    await using other = await serveHttp((_, response) => response.end('other'));
    const { results } = await on(get(`{{BaseURL}}:${other.port}/x`, word('other')));
    assert.equal(results.length, 1);
    assert.deepEqual(urls({ server: other }), ['/x']);
  });

  test('target variables: the port is part of Hostname, not of Host; Path is the folder', async () => {
    const ran = await on(
      get('{{RootURL}}/v?{{Host}}|{{Path}}|{{File}}|{{Scheme}}', STATUS),
      {},
      '/foo/bar.php?x=1',
    );
    assert.deepEqual(urls(ran), ['/v?x=1&127.0.0.1|/foo|bar.php|http']);
    const host = await on(raw('GET /h HTTP/1.1\nHost: {{Hostname}}', STATUS));
    assert.equal(host.server.seen[0]?.headers.host, `127.0.0.1:${host.server.port}`);
  });

  test('raw requests: absolute URLs are cut, no path is the target’s, automerge can be off', async () => {
    const at = async (line: string, rest = STATUS): Promise<string[]> =>
      urls(await on(raw(`GET ${line}HTTP/1.1\nHost: {{Hostname}}`, rest), {}, '/blog?t=1'));
    assert.deepEqual(await at('http://example.com/abs?x=1 '), ['/blog/abs?t=1&x=1']);
    assert.deepEqual(await at(''), ['/blog?t=1']);
    assert.deepEqual(await at('/ '), ['/blog?t=1']);
    assert.deepEqual(await at('admin '), ['/blog/admin?t=1']);
    assert.deepEqual(await at('/blog/x '), ['/blog/x?t=1']);
    assert.deepEqual(await at('/a ', `    disable-path-automerge: true\n${STATUS}`), ['/a?t=1']);
    assert.deepEqual(await at('/a?&b=1&&c '), ['/blog/a?t=1&b=1&c']);
    assert.deepEqual(await at('/a#b?c '), ['/blog/a?t=1']);
  });

  test('raw headers keep their spelling, the last of one name wins, Host is free', async () => {
    const { server } = await on(
      raw('GET /h HTTP/1.1\nHost: other.example\nx-oDD: 1\nX-A: 1\nX-A: 2\naccept-ENCODING: br', STATUS),
    );
    const [seen] = server.seen;
    assert.equal(seen?.headers.host, 'other.example');
    assert.ok(seen?.rawHeaders.includes('x-oDD'));
    assert.deepEqual(
      seen?.rawHeaders.filter((_, index, all) => all[index - 1] === 'X-A'),
      ['2'],
    );
    assert.ok(seen?.rawHeaders.includes('Accept-Encoding'), 'Go adds its own beside another spelling');
  });

  test('bytes that expressions give go out as they are', async () => {
    const { server } = await on(
      raw(
        'POST /b HTTP/1.1\nHost: {{Hostname}}\n\n{{hex_decode("00ff80")}}|{{base64_decode("AP8=")}}',
        STATUS,
      ),
    );
    assert.equal(server.seen[0]?.body, '\x00\xff\x80|\x00\xff');
  });

  test('values of headers are one line with nothing around', async () => {
    const { server } = await on(
      template(
        `http:\n  - method: GET\n    path: ['{{BaseURL}}/v']\n    headers:\n      X-V: " a\\nb "\n${STATUS}`,
      ),
    );
    assert.equal(server.seen[0]?.headers['x-v'], 'a b');
  });

  test('methods of any case, and the older keys of a dialect', async () => {
    const lower =
      "requests:\n  - method: post\n    path: ['{{BaseURL}}/m']\n    cookie-reuse: true\n    req-condition: true\n";
    assert.equal((await on(template(lower + STATUS))).server.seen[0]?.method, 'POST');
  });

  test('annotations: another host to connect to, once per set of payloads', async () => {
    const host = await on(raw('@Host: {{Hostname}}\nGET /h HTTP/1.1\nHost: evil.example', STATUS));
    assert.equal(host.results.length, 1);
    assert.equal(host.server.seen[0]?.headers.host, 'evil.example');
    const once = await on(
      template(
        `http:\n  - raw:\n      - |\n        @once\n        GET /once HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        GET /each{{u}} HTTP/1.1\n        Host: {{Hostname}}\n\n    payloads:\n      u: [a, b]\n    threads: 1\n${STATUS}`,
      ),
    );
    assert.deepEqual(urls(once).sort(), ['/eacha', '/eachb', '/once']);
  });
});

describe('expressions', () => {
  test('text from an answer is never evaluated again', async () => {
    await using server = await serveHttp((request, response) =>
      response.end(request.url === '/1' ? 'v={{md5("a")}};' : 'x'),
    );
    const source = template(
      "http:\n  - raw:\n      - |\n        GET /1 HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        POST /2 HTTP/1.1\n        Host: {{Hostname}}\n\n        {{v}}\n\n    skip-variables-check: true\n    extractors:\n      - {type: regex, name: v, internal: true, group: 1, regex: ['v=(.*);']}\n",
    );
    await run(source, server.url);
    assert.equal(server.seen[1]?.body, '{{md5("a")}}');
  });

  test('payloads are rendered, win over variables, and given variables win over those of the template', async () => {
    const source = template(
      `variables:\n  user: fromfile\n  other: fromfile\nhttp:\n  - method: GET\n    path: ['{{BaseURL}}/{{user}}/{{other}}']\n    payloads:\n      user: ['{{to_upper("ab")}}']\n${STATUS}`,
    );
    assert.deepEqual(urls(await on(source, { variables: new Map([['other', 'given']]) })), ['/AB/given']);
  });

  test('words are rendered, patterns are not', async () => {
    const words = get(
      '{{BaseURL}}/{{md5("a")}}',
      '    matchers:\n      - type: word\n        words: [\'{{md5("a")}}\']\n',
    );
    assert.equal((await on(words)).results.length, 1);
    const patterns = get(
      '{{BaseURL}}/x',
      '    matchers:\n      - type: regex\n        regex: [\'{{md5("a")}}\']\n',
    );
    assert.equal((await on(patterns)).results.length, 0);
  });

  test('a text that is no placeholder is sent; one without a value is not', async () => {
    assert.equal(urls(await on(get('{{BaseURL}}/{{1+1}}', STATUS))).length, 1);
    assert.equal(urls(await on(get('{{BaseURL}}/{{nosuch}}', STATUS))).length, 0);
  });
});

describe('answers', () => {
  test('every answer of a chain is looked at, the last one first; earlier ones have no body', async () => {
    const both = '    matchers:\n      - type: status\n        status: [200, 302]\n';
    const all = await on(get('{{BaseURL}}/moved', `    redirects: true\n${both}`));
    assert.deepEqual(matched(all), ['/landed', '/moved']);
    const first = await on(
      get('{{BaseURL}}/moved', `    redirects: true\n    stop-at-first-match: true\n${both}`),
    );
    assert.deepEqual(matched(first), ['/landed']);
    const body = await on(get('{{BaseURL}}/moved', `    redirects: true\n${word('moved')}`));
    assert.deepEqual(matched(body), []);
  });

  test('a redirect names the page that sent it, and a raw request’s headers go along', async () => {
    const { server } = await on(
      raw('POST /moved HTTP/1.1\nHost: {{Hostname}}\nX-Keep: 1\n\na=1', `    redirects: true\n${STATUS}`),
    );
    const [, second] = server.seen;
    assert.equal(second?.method, 'GET');
    assert.equal(second?.headers.referer, `${server.url}/moved`);
    assert.equal(second?.headers['x-keep'], '1');
    assert.equal(second?.headers.accept, undefined);
  });

  test('the limit of redirects gives the last of them', async () => {
    await using server = await serveHttp((_, response) =>
      response.writeHead(302, { location: '/loop' }).end(),
    );
    const source = get(
      '{{BaseURL}}/loop',
      '    redirects: true\n    max-redirects: 2\n    matchers:\n      - type: status\n        status: [302]\n',
    );
    assert.equal((await run(source, server.url)).results.length, 3);
    assert.equal(server.seen.length, 3);
  });

  test('parts: all is body before head, response is head before body, raw is none', async () => {
    const part = (name: string, regex: string): string =>
      get(
        '{{BaseURL}}/x',
        `    matchers:\n      - type: regex\n        part: ${name}\n        regex: ['${regex}']\n`,
      );
    assert.equal((await on(part('all', '(?s)page.*HTTP/1.1 200'))).results.length, 1);
    assert.equal((await on(part('response', '(?s)^HTTP/1.1 200.*page'))).results.length, 1);
    assert.equal((await on(part('raw', 'page'))).results.length, 0);
  });

  test('under and, or without names there is one result; named matchers under or give one each', async () => {
    const matchers = (join: string): string =>
      `    matchers-condition: ${join}\n    matchers:\n      - {type: word, name: one, words: [page]}\n      - {type: word, name: two, words: [GET]}\n`;
    const names = async (join: string): Promise<(string | undefined)[]> =>
      (await on(get('{{BaseURL}}/x', matchers(join)))).results.map(result => result['matcher-name']);
    assert.deepEqual(await names('or'), ['one', 'two']);
    assert.deepEqual(await names('and'), [undefined]);
    assert.deepEqual(await names('strange'), [undefined], 'an unknown condition is an or without names');
  });

  test('jq: a null is an empty text, fields come by name; doubles are one', async () => {
    await using server = await serveHttp((_, response) => response.end('{"b":{"z":1,"a":2},"l":[1,1]}'));
    const source = get(
      '{{BaseURL}}/',
      "    extractors:\n      - {type: json, json: ['.none', '.b', '.b[]', '.l[]']}\n",
    );
    assert.deepEqual((await run(source, server.url)).results[0]?.['extracted-results'], [
      '',
      '{"a":2,"z":1}',
      '2',
      '1',
    ]);
  });

  test('an extractor’s several values are numbered; requests get the first, or all under iterate-all', async () => {
    const sequence = (rest: string): string =>
      template(
        `http:\n  - raw:\n      - |\n        GET /list HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        GET /next/{{tok}} HTTP/1.1\n        Host: {{Hostname}}\n\n${rest}    extractors:\n      - {type: regex, name: tok, internal: true, group: 1, regex: ['href="(.)"']}\n`,
      );
    assert.deepEqual(urls(await on(sequence(''))), ['/list', '/next/a']);
    assert.deepEqual(urls(await on(sequence('    iterate-all: true\n'))), ['/list', '/next/a', '/next/b']);
    const numbered = get(
      '{{BaseURL}}/list',
      `    extractors:\n      - {type: regex, name: tok, internal: true, group: 1, regex: ['href="(.)"']}\n    matchers:\n      - {type: dsl, dsl: ['tok1 == "b"']}\n`,
    );
    assert.equal((await on(numbered)).results.length, 1);
  });

  test('history has the headers too, and numbered parts wait for their request', async () => {
    const source = template(
      'http:\n  - raw:\n      - |\n        GET /none HTTP/1.1\n        Host: {{Hostname}}\n\n      - |\n        GET /two HTTP/1.1\n        Host: {{Hostname}}\n\n    matchers:\n      - {type: dsl, dsl: [\'status_code_1 == 404 && status_code_2 == 200 && content_length_2 > 0 && contains(all_headers_2, "200 OK")\']}\n',
    );
    assert.deepEqual(matched(await on(source)), ['/two']);
  });

  test('a date in quotes is a number of seconds', async () => {
    const source = get(
      '{{BaseURL}}/1704067200',
      '    matchers:\n      - {type: dsl, dsl: [\'contains(body, "2024-01-01")\']}\n',
    );
    assert.equal((await on(source)).results.length, 1);
  });

  test('a value that is neither true nor false decides nothing', async () => {
    assert.equal(
      (await on(get('{{BaseURL}}/', "    matchers:\n      - {type: dsl, dsl: ['len(body)']}\n"))).results
        .length,
      0,
    );
  });
});
