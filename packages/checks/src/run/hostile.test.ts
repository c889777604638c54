import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { compileRegex } from '../match/regex.ts';
import { run, serveHttp, serveTcp, template } from '../../test/loopback.ts';

const ANY = template(
  "http:\n  - method: GET\n    path: ['{{BaseURL}}/']\n    matchers:\n      - {type: dsl, dsl: ['true']}\n      - {type: word, words: [a]}\n      - {type: word, negative: true, words: [nosuch]}\n",
);
const answer =
  (bytes: string | Buffer, rest?: (socket: Socket) => void) =>
  (socket: Socket): void => {
    socket.once('data', () => {
      socket.write(bytes);
      rest?.(socket);
    });
  };
const drip = (socket: Socket): void => {
  const timer = setInterval(() => socket.write('a'), 50);
  socket.on('close', () => clearInterval(timer));
};

describe('a failed request is never a match', () => {
  const servers: readonly [string, (socket: Socket) => void][] = [
    ['closes at once', socket => socket.destroy()],
    ['never answers', () => undefined],
    ['speaks something else', answer('SSH-2.0-OpenSSH_9.6\r\n')],
    ['an endless status line', answer('HTTP/1.1 200 ' + 'a'.repeat(400_000))],
    [
      'an endless head',
      answer(
        'HTTP/1.1 200 OK\r\n',
        socket => void setInterval(() => socket.write(`X-${'a'.repeat(50_000)}: b\r\n`), 10).unref(),
      ),
    ],
    ['a bad status', answer('HTTP/1.1 abc OK\r\n\r\n')],
    ['a dripping head', answer('HTTP/1.1 200 OK\r\nX: ', drip)],
    ['a dripping body', answer('HTTP/1.1 200 OK\r\n\r\n', drip)],
    ['too many headers', answer(`HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(2000)}\r\n`)],
    ['only interim answers', answer('HTTP/1.1 100 Continue\r\n\r\n', socket => socket.end())],
  ];
  for (const [name, talk] of servers) {
    test(name, async () => {
      await using server = await serveTcp(talk);
      const { results, counters } = await run(ANY, server.url, { timeoutMs: 150 });
      assert.deepEqual(results, []);
      assert.equal(counters.errors, 1);
    });
  }
});

describe('odd answers are read as far as they go', () => {
  const servers: readonly [string, string | Buffer, string][] = [
    ['bare newlines', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi', 'hi'],
    ['no reason', 'HTTP/1.0 200\r\n\r\nhi', 'hi'],
    [
      'an interim answer first',
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
      'hi',
    ],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nhi', 'hi'],
    [
      'chunks with extensions and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\nh\r\n1\r\ni\r\n0\r\nT: u\r\n\r\n',
      'hi',
    ],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n', 'hi'],
    ['a body shorter than announced', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhi', 'hi'],
    [
      'damaged gzip',
      Buffer.concat([
        Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n'),
        gzipSync('hi'.repeat(5000)).subarray(0, -9),
      ]),
      '',
    ],
  ];
  for (const [name, bytes, body] of servers) {
    test(name, async () => {
      await using server = await serveTcp(answer(bytes, socket => void setTimeout(() => socket.end(), 20)));
      const source = template(
        `http:\n  - method: GET\n    path: ['{{BaseURL}}/']\n    matchers: [{type: dsl, dsl: ['status_code == 200 && contains(body, "${body}")']}]\n`,
      );
      assert.equal((await run(source, server.url)).results.length, 1);
    });
  }
});

test('bodies stop at the limit: endless, gzip and brotli bombs', async () => {
  const zeros = Buffer.alloc(200 * 1024 * 1024, 'a');
  const bombs = { gzip: gzipSync(zeros), br: brotliCompressSync(zeros.subarray(0, 64 * 1024 * 1024)) };
  await using server = await serveHttp((request, response) => {
    const kind = request.url.slice(1);
    if (kind === 'gzip' || kind === 'br')
      response.writeHead(200, { 'content-encoding': kind }).end(bombs[kind]);
    else {
      const pump = (): void => {
        while (!response.destroyed && response.write(zeros.subarray(0, 1_000_000))) continue;
      };
      response.writeHead(200).on('drain', pump);
      pump();
    }
  });
  const source = template(
    "http:\n  - method: GET\n    path: ['{{BaseURL}}/gzip', '{{BaseURL}}/br', '{{BaseURL}}/endless']\n    matchers: [{type: dsl, dsl: ['len(body) == 3000000']}]\n",
  );
  const before = process.memoryUsage().rss;
  const { results } = await run(source, server.url, { maxBody: 3_000_000, timeoutMs: 5_000 });
  assert.deepEqual(
    results.map(result => result.path),
    ['/gzip', '/br', '/endless'],
  );
  assert.ok(process.memoryUsage().rss - before < 400 * 1024 * 1024);
});

test('one host that hangs holds no other up, and is skipped after its failures', async () => {
  await using hanging = await serveTcp(() => undefined);
  await using good = await serveHttp((_, response) => response.end('ok'));
  const sources = Array.from({ length: 40 }, (_, n) =>
    template(
      `http:\n  - method: GET\n    path: ['{{BaseURL}}/${n}']\n    matchers: [{type: word, words: [ok]}]\n`,
      `t-${n}`,
    ),
  );
  const { results, counters } = await run(sources, [hanging.url, good.url], {
    timeoutMs: 700,
    bulkSize: 2,
    concurrency: 2,
    maxHostError: 3,
  });
  assert.equal(results.length, 40);
  assert.ok(counters.errors <= 6, `${counters.errors} errors`);
});

test('a scan stops when it is told to', async () => {
  await using server = await serveTcp(() => undefined);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const { results } = await run(ANY, server.url, { signal: stop.signal, timeoutMs: 60_000 });
  assert.deepEqual(results, []);
});

test('bodies made against regular expressions are searched to their end', async () => {
  const line = `${'a'.repeat(100)}YWJj== \n`;
  await using server = await serveHttp((_, response) => response.end(line.repeat(4_000)));
  const patterns = [
    '(.*[a-zA-Z0-9].+==)</string></value>',
    '(a+)+$',
    '(?i)(x+x+)+y',
    '(a|aa)+b',
    '.*.*.*=.*;',
  ];
  const matchers = patterns.map(
    (pattern, n) => `      - {type: regex, name: p${n}, negative: true, regex: ['${pattern}']}`,
  );
  const source = template(
    `http:\n  - method: GET\n    path: ['{{BaseURL}}/']\n    matchers:\n${matchers.join('\n')}\n`,
  );
  const { results } = await run(source, server.url, { timeoutMs: 5_000 });
  assert.equal(results.length, patterns.length);
});

/** Milliseconds of processor time of this thread; others on the machine do not count. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** The longest piece of work this thread does between two turns of the event loop while something runs. */
async function longestSlice(work: () => Promise<void>): Promise<number> {
  let [last, longest, isOver] = [cpuMs(), 0, false];
  const turn = (): void => {
    const now = cpuMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work();
  isOver = true;
  return longest;
}

describe('the event loop goes on while a large answer made against the patterns is matched', () => {
  const pattern = '(.*[a-z].+x==)</string></value>';
  const line = `<value><string>${'a'.repeat(100)}YWJj== \xc3\xa9</string></value><a href="x">\n`;
  const bodyOf = (bytes: number): string =>
    `${line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes - 30)}x==</string></value>`;
  const source = template(
    [
      'http:',
      "  - method: GET\n    path: ['{{BaseURL}}/']\n    matchers-condition: and\n    matchers:",
      `      - {type: regex, regex: ['${pattern}']}`,
      '      - {type: xpath, xpath: [\'//a[@href="x"]\']}',
      '      - {type: word, case-insensitive: true, words: [ywjj==]}',
      `      - {type: dsl, dsl: ['regex("(a|aa)+==", to_upper(body)) == false && len(md5(body)) == 32']}`,
      `    extractors:\n      - {type: regex, name: first, regex: ['x==</string>']}`,
    ].join('\n'),
  );
  const largest = Buffer.from(bodyOf(10_000_000), 'latin1').toString('latin1');
  const from = cpuMs();
  compileRegex(pattern).test(largest);
  /** What one of the patterns takes for 10 MB on one thread of this machine. */
  const reference = cpuMs() - from;

  for (const bytes of [1_000_000, 10_000_000]) {
    test(`${bytes / 1_000_000} MB`, async () => {
      const body = Buffer.from(bodyOf(bytes), 'latin1');
      await using server = await serveHttp((_, response) => response.end(body));
      const slice = await longestSlice(async () => {
        const { results, warnings } = await run(source, server.url, { timeoutMs: 30_000, omitsRaw: true });
        assert.deepEqual([results.length, warnings], [1, []]);
        assert.deepEqual(results[0]?.['extracted-results'], ['x==</string>']);
      });
      assert.ok(slice < reference, `${slice} ms at once; one pattern takes ${reference} ms for 10 MB`);
    });
  }

  test('a body of single bytes, each a chunk of its own', async () => {
    const chunks = Buffer.from('1\r\na\r\n'.repeat(300_000));
    await using server = await serveTcp(
      answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', socket => {
        socket.write(chunks);
        socket.write('0\r\n\r\n');
      }),
    );
    const counted = template(
      "http:\n  - method: GET\n    path: ['{{BaseURL}}/']\n    matchers: [{type: dsl, dsl: ['len(body) == 300000']}]\n",
    );
    const slice = await longestSlice(async () => {
      const { results } = await run(counted, server.url, { timeoutMs: 10_000 });
      assert.equal(results.length, 1);
    });
    assert.ok(slice < reference, `${slice} ms at once; one pattern takes ${reference} ms for 10 MB`);
  });
});

test('millions of payload combinations take neither memory nor forever', async () => {
  await using server = await serveHttp((_, response) => response.end('ok'));
  const list = JSON.stringify(Array.from({ length: 2000 }, (_, n) => `v${n}`));
  const source = template(
    `http:\n  - method: GET\n    path: ['{{BaseURL}}/{{a}}{{b}}{{c}}']\n    attack: clusterbomb\n    payloads: {a: ${list}, b: ${list}, c: ${list}}\n`,
  );
  const { warnings, counters } = await run(source, server.url, { maxPayloadSets: 50 });
  assert.equal(counters.requests, 50);
  assert.match(warnings.join(), /8000000000 payload combinations, the first 50 are sent/);
});

test('a flow that never ends is ended', async () => {
  await using server = await serveHttp((_, response) => response.end('ok'));
  for (const flow of [
    'while (true) {}',
    'function f() { return f(); } f()',
    'let a = "x"; for (;;) { a = a + a; }',
    'const l = []; for (;;) { l.push(1); }',
  ]) {
    const { warnings } = await run(
      template(`flow: ${JSON.stringify(flow)}\nhttp:\n  - method: GET\n    path: ['{{BaseURL}}']\n`),
      server.url,
    );
    assert.match(warnings.join(), /flow: /, flow);
  }
});
