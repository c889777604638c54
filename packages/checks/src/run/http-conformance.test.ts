import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run, serveHttp, template } from '../../test/loopback.ts';

const get = (path: string, rest = ''): string =>
  template(`http:\n  - method: GET\n    path:\n      - '${path}'\n${rest}`);
const raw = (text: string, rest = '', chomp = ''): string =>
  template(
    `http:\n  - raw:\n      - |${chomp}\n${text
      .split('\n')
      .map(line => `        ${line}`)
      .join('\n')}\n${rest}`,
  );
const OK = '    matchers:\n      - type: status\n        status: [200]\n';

describe('the request line', () => {
  const cases: readonly [string, string, string, string][] = [
    ['a trailing slash of the target goes before {{BaseURL}}/', '/a/', '{{BaseURL}}/x', '/a/x'],
    ['but stays before anything else', '/a/', '{{BaseURL}}x', '/a/x'],
    ['RootURL has no path', '/a/b', '{{RootURL}}/x', '/x'],
    ['the target query comes first', '/a?t=1', '{{BaseURL}}/x?y=2', '/a/x?t=1&y=2'],
    ['paths are not normalised', '', '{{BaseURL}}/..;/../%2e%2e//x', '/..;/../%2e%2e//x'],
    ['forbidden bytes are encoded', '', '{{BaseURL}}/<é>', '/%3C%C3%A9%3E'],
    ['a bad escape makes every % of the path text', '', '{{BaseURL}}/%u2s/%41', '/%25u2s/%2541'],
    ['but not of the query', '', '{{BaseURL}}/x?a=%zz%41', '/x?a=%zz%41'],
    ['bytes of the query are encoded in lower case', '', '{{BaseURL}}/x?a=é', '/x?a=%c3%a9'],
    ['an empty parameter inside stays, at an end it goes', '', '{{BaseURL}}/x?&a&&b&', '/x?a&&b'],
    ['a fragment is not sent', '', '{{BaseURL}}/x?a#b', '/x?a'],
    ['literals stay literal', '', '{{BaseURL}}/?x={{7*7}}', '/?x={{7*7}}'],
    ['forbidden bytes make the whole path encoded anew', '', '{{BaseURL}}/(x)*<y>', '/%28x%29%2A%3Cy%3E'],
    ['expressions are evaluated', '', '{{BaseURL}}/{{md5("a")}}', '/0cc175b9c0f1b6a831c399e269772661'],
  ];
  for (const [name, target, path, expected] of cases) {
    test(name, async () => {
      await using server = await serveHttp((_, response) => response.end());
      await run(get(path), server.url + target);
      assert.deepEqual(
        server.seen.map(item => item.url),
        [expected],
      );
    });
  }

  test('raw paths are appended to the target’s without doubling', async () => {
    await using server = await serveHttp((_, response) => response.end());
    const cases: readonly [string, string, string][] = [
      ['/blog', '/admin', '/blog/admin'],
      ['/blog/admin', '/blog/admin/profile', '/blog/admin/profile'],
      ['/blog', '/', '/blog'],
      ['', '/x?a=&b=1', '/x?a=&b=1'],
      ['', 'x', '/x'],
      ['', 'http://other.invalid/y', '/y'],
    ];
    for (const [target, path, expected] of cases) {
      await run(raw(`GET ${path} HTTP/1.1\nHost: {{Hostname}}\n\n`), server.url + target);
      assert.equal(server.seen.at(-1)?.url, expected);
    }
    await run(
      raw('GET /x HTTP/1.1\nHost: {{Hostname}}\n\n', '    disable-path-automerge: true\n'),
      `${server.url}/blog`,
    );
    assert.equal(server.seen.at(-1)?.url, '/x');
  });

  test('an unknown placeholder stops the block, skip-variables-check sends it', async () => {
    await using server = await serveHttp((_, response) => response.end());
    const two = "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{nothing}}', '{{BaseURL}}/second']\n";
    const { counters } = await run(template(two), server.url);
    assert.equal(counters.unresolved, 1);
    assert.equal(server.seen.length, 0);
    await run(template(`${two}    skip-variables-check: true\n`), server.url);
    assert.deepEqual(
      server.seen.map(item => item.url),
      ['/%7B%7Bnothing%7D%7D', '/second'],
    );
  });
});

describe('headers and bodies', () => {
  test('path requests carry defaults, raw ones only what they say', async () => {
    await using server = await serveHttp((_, response) => response.end());
    await run(
      [get('{{BaseURL}}/p'), raw('GET /r HTTP/1.1\nHost: {{Hostname}}\nX-One: a\nX-One: b\n\n')],
      server.url,
    );
    const [path, rawSeen] = ['/p', '/r'].map(url => server.seen.find(item => item.url === url));
    assert.match(path?.headers['user-agent'] ?? '', /^Mozilla/);
    assert.deepEqual([path?.headers.accept, path?.headers['accept-language']], ['*/*', 'en']);
    assert.equal(rawSeen?.headers.accept, undefined);
    assert.equal(rawSeen?.headers['x-one'], 'b');
    assert.equal(rawSeen?.headers.host, `127.0.0.1:${server.port}`);
  });

  test('bare newlines of a body become CRLF and the length is right', async () => {
    await using server = await serveHttp((_, response) => response.end());
    await run(raw('POST / HTTP/1.1\nHost: {{Hostname}}\nContent-Length: 1\n\na\nb'), server.url);
    assert.equal(server.seen[0]?.body, 'a\r\nb');
    assert.equal(server.seen[0]?.headers['content-length'], '4');
  });

  test('variables are one value for the run, or follow the target', async () => {
    await using server = await serveHttp((_, response) => response.end());
    const source = template(
      "variables:\n  a: '{{rand_base(8)}}'\n  b: '{{a}}-{{Host}}'\nhttp:\n  - method: GET\n    path: ['{{BaseURL}}/{{a}}/{{b}}', '{{BaseURL}}/{{a}}']",
    );
    await run(source, server.url);
    const [first, second] = server.seen.map(item => item.url.split('/'));
    assert.equal(first?.[2], `${first?.[1] ?? ''}-127.0.0.1`);
    assert.equal((second?.[1] ?? '').length, 8);
    await run(source, server.url, { variables: new Map([['a', 'given']]) });
    assert.equal(server.seen.at(-1)?.url, '/given');
  });
});

describe('matching', () => {
  const page = '    matchers:\n      - type: word\n';
  const verdicts: readonly [string, string, number][] = [
    [
      'header names are canonical and sorted behind the status line',
      "    matchers:\n      - type: regex\n        part: header\n        regex: ['\\AHTTP/1.1 200 OK\\r\\n[\\s\\S]*X-Powered-By: Thing']\n",
      1,
    ],
    [
      'a missing part is no match, even negated',
      '    matchers:\n      - type: word\n        part: nosuch\n        negative: true\n        words: [a]\n',
      0,
    ],
    ['negative', `${page}        negative: true\n        words: [absent]\n`, 1],
    ['and', `${page}        condition: and\n        words: [Hello, absent]\n`, 0],
    ['case-insensitive', `${page}        case-insensitive: true\n        words: [hELLO]\n`, 1],
    ['hex words', `${page}        encoding: hex\n        words: ['48656c6c6f']\n`, 1],
    ['binary', "    matchers:\n      - type: binary\n        binary: ['48656c6c6f']\n", 1],
    ['size', '    matchers:\n      - type: size\n        size: [28]\n', 1],
    ['xpath', '    matchers:\n      - type: xpath\n        xpath: [\'//b[contains(., "Hello")]\']\n', 1],
    [
      'the whole is body then headers',
      "    matchers:\n      - type: regex\n        part: all\n        regex: ['(?s)Hello.*HTTP/1.1 200']\n",
      1,
    ],
    [
      'status codes are numbers',
      '    matchers:\n      - type: dsl\n        dsl: [\'status_code == 200 && x_powered_by == "Thing" && sid == "7"\']\n',
      1,
    ],
    [
      'an error under and',
      "    matchers:\n      - type: dsl\n        condition: and\n        dsl: ['missing == 1', 'true']\n",
      0,
    ],
    ['an error under or', "    matchers:\n      - type: dsl\n        dsl: ['missing == 1', 'true']\n", 1],
    [
      'every named matcher under or',
      '    matchers:\n      - type: word\n        name: one\n        words: [Hello]\n      - type: word\n        name: two\n        words: [World]\n',
      2,
    ],
    [
      'all must match under and',
      `    matchers-condition: and\n${page}        words: [Hello]\n      - type: status\n        status: [404]\n`,
      0,
    ],
    ['internal matchers give no result', `${page}        internal: true\n        words: [Hello]\n`, 0],
    ['extractors alone', "    extractors:\n      - type: regex\n        regex: ['H\\w+']\n", 1],
    [
      'extractors do not rescue a failed matcher',
      `${page}        words: [absent]\n    extractors:\n      - type: regex\n        regex: ['H\\w+']\n`,
      0,
    ],
    ['neither', '', 0],
    [
      'an extracted value in a matcher',
      "    extractors:\n      - type: regex\n        name: who\n        internal: true\n        group: 1\n        regex: ['Hello (\\w+)']\n    matchers:\n      - type: dsl\n        dsl: ['who == \"World\"']\n",
      1,
    ],
  ];
  for (const [name, rest, expected] of verdicts) {
    test(name, async () => {
      await using server = await serveHttp((_, response) => {
        response.writeHead(200, {
          'x-powered-by': 'Thing',
          'set-cookie': 'sid=7',
          'content-type': 'text/html',
        });
        response.end('<p><b>Hello World</b> 1.2</p>'.slice(0, 28));
      });
      const { results } = await run(get('{{BaseURL}}/', rest), server.url);
      assert.equal(results.length, expected);
    });
  }

  test('values of every kind of extractor', async () => {
    await using server = await serveHttp((_, response) => {
      response.writeHead(200, { 'x-version': '3.1' });
      response.end('{"items":[{"id":1,"n":"a"},{"id":2,"n":"b"}]}');
    });
    const source = get(
      '{{BaseURL}}/',
      `    extractors:
      - {type: regex, name: r, group: 1, regex: ['"id":(\\d)']}
      - {type: kval, name: k, kval: [x-version]}
      - {type: json, name: j, json: ['.items[] | select(.id > 1) | .n']}
      - {type: dsl, name: d, dsl: ['len(body)']}
`,
    );
    const { results } = await run(source, server.url);
    assert.deepEqual(
      Object.fromEntries(results.map(result => [result['extractor-name'], result['extracted-results']])),
      { r: ['1', '2'], k: ['3.1'], j: ['b'], d: ['45'] },
    );
  });
});

describe('sequences', () => {
  test('cookies and internal values flow on; numbered parts see the history', async () => {
    await using server = await serveHttp((request, response) => {
      if (request.url === '/one')
        response.writeHead(200, { 'set-cookie': 'sid=abc; Path=/' }).end('token=t1');
      else response.end(request.headers.cookie === 'sid=abc' && request.url === '/two/t1' ? 'in' : 'out');
    });
    const source = template(`http:
  - method: GET
    path: ['{{BaseURL}}/one', '{{BaseURL}}/two/{{tok}}']
    extractors:
      - {type: regex, name: tok, internal: true, group: 1, regex: ['token=(\\w+)']}
    matchers:
      - type: dsl
        dsl: ['contains(body_1, "token") && body_2 == "in" && status_code_1 == 200']
`);
    const { results } = await run(source, server.url);
    assert.deepEqual(
      results.map(result => result['matched-at']),
      [`${server.url}/two/t1`],
    );
  });

  test('redirects are off, on, on the same host, and bounded', async () => {
    await using other = await serveHttp((_, response) => response.end('other'));
    await using server = await serveHttp((request, response) => {
      const to =
        request.url === '/local'
          ? '/end'
          : request.url === '/away'
            ? `${other.url}/end`
            : request.url === '/loop'
              ? '/loop'
              : undefined;
      if (to === undefined) response.end('end');
      else response.writeHead(302, { location: to }).end();
    });
    const urls = async (path: string, flags: string): Promise<string[]> =>
      (
        await run(
          get(
            `{{BaseURL}}${path}`,
            `${flags}    matchers:\n      - type: word\n        words: [end, other]\n`,
          ),
          server.url,
        )
      ).results.map(result => result['matched-at']);
    assert.deepEqual(await urls('/local', ''), []);
    assert.deepEqual(await urls('/local', '    redirects: true\n'), [`${server.url}/end`]);
    assert.deepEqual(await urls('/local', '    host-redirects: true\n'), [`${server.url}/end`]);
    assert.deepEqual(await urls('/away', '    host-redirects: true\n'), []);
    assert.deepEqual(await urls('/away', '    redirects: true\n'), [`${other.url}/end`]);
    server.seen.length = 0;
    await urls('/loop', '    redirects: true\n    max-redirects: 4\n');
    assert.equal(server.seen.length, 5);
  });

  test('payloads: pitchfork stops at the shortest, clusterbomb makes all pairs, the first match ends', async () => {
    await using server = await serveHttp((_, response) => response.end('yes'));
    const attack = (name: string, rest = ''): string =>
      template(
        `http:\n  - method: GET\n    path: ['{{BaseURL}}/{{a}}/{{b}}']\n    attack: ${name}\n    payloads:\n      a: [1, 2, 3]\n      b: ['{{Host}}', y]\n${rest}`,
      );
    await run(attack('pitchfork'), server.url);
    assert.deepEqual(server.seen.map(item => item.url).sort(), ['/1/127.0.0.1', '/2/y']);
    server.seen.length = 0;
    await run(attack('clusterbomb'), server.url);
    assert.equal(new Set(server.seen.map(item => item.url)).size, 6);
    const { results } = await run(attack('clusterbomb', `    stop-at-first-match: true\n${OK}`), server.url);
    assert.equal(results.length, 1);
    assert.ok(results[0]?.meta !== undefined && 'a' in results[0].meta);
  });

  test('a flow decides what runs, and sees values', async () => {
    await using server = await serveHttp((request, response) =>
      response.end(request.url === '/a' ? 'id=5;id=6' : request.url),
    );
    const source = template(`flow: |
  if (http(1)) {
    for (const id of iterate(template["ids"])) {
      set("one", id);
      http("second");
    }
  }
http:
  - method: GET
    path: ['{{BaseURL}}/a']
    matchers: [{type: word, internal: true, words: ['id=']}]
    extractors: [{type: regex, name: ids, internal: true, group: 1, regex: ['id=(\\d)']}]
  - id: second
    method: GET
    path: ['{{BaseURL}}/get/{{one}}']
    matchers: [{type: word, words: ['/get/']}]
`);
    const { results } = await run(source, server.url);
    assert.deepEqual(
      results.map(result => result.path),
      ['/get/5', '/get/6'],
    );
    server.seen.length = 0;
    await run(
      template(
        `flow: http(1) && http(2)\nhttp:\n  - method: GET\n    path: ['{{BaseURL}}/x']\n    matchers: [{type: word, words: [absent]}]\n  - method: GET\n    path: ['{{BaseURL}}/never']\n`,
      ),
      server.url,
    );
    assert.deepEqual(
      server.seen.map(item => item.url),
      ['/x'],
    );
  });

  test('without a flow all blocks run and export their values', async () => {
    await using server = await serveHttp((request, response) => response.end(`at ${request.url}`));
    const source = template(
      `http:\n  - method: GET\n    path: ['{{BaseURL}}/1']\n    matchers: [{type: word, words: [absent]}]\n  - method: GET\n    path: ['{{BaseURL}}/2']\n    matchers: [{type: dsl, dsl: ['http_1_body == "at /1" && body == "at /2"']}]\n`,
    );
    assert.equal((await run(source, server.url)).results.length, 1);
  });

  test('unsafe requests go out byte for byte', async () => {
    await using server = await serveHttp((_, response) => response.end('ok'));
    await run(
      raw(
        'GET /%u2s?a b HTTP/1.1\nHost: {{Hostname}}\nX-Twice: 1\nX-Twice: 2\n\n',
        '    unsafe: true\n',
        '+',
      ),
      server.url,
    );
    assert.deepEqual(server.seen.length, 0, 'a space in the target is refused by this server');
    await run(
      raw('GET /%u2s HTTP/1.1\nHost: {{Hostname}}\nx-tWICE: 1\nx-tWICE: 2\n\n', '    unsafe: true\n', '+'),
      server.url,
    );
    assert.equal(server.seen[0]?.url, '/%u2s');
    assert.deepEqual(server.seen[0]?.rawHeaders.filter(name => name === 'x-tWICE').length, 2);
  });

  test('templates with the same first request share its answer', async () => {
    await using server = await serveHttp((_, response) => response.end('shared'));
    const one = (id: string): string =>
      template(
        `http:\n  - method: GET\n    path: ['{{BaseURL}}/s']\n    matchers: [{type: word, words: [shared]}]\n`,
        id,
      );
    const { results } = await run([one('a'), one('b'), one('c')], server.url);
    assert.equal(results.length, 3);
    assert.equal(server.seen.length, 1);
  });

  test('time measured by the server’s delay, and wait_for', async () => {
    await using server = await serveHttp((_, response) => void setTimeout(() => response.end('late'), 300));
    const { results } = await run(
      get(
        '{{BaseURL}}/',
        '    matchers: [{type: dsl, dsl: [\'duration >= 0.2 && wait_for(0.05) && body == "late"\']}]\n',
      ),
      server.url,
    );
    assert.equal(results.length, 1);
  });
});
