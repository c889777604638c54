import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { DslValue } from '../dsl/values.ts';
import { SocketDnsResolver } from '../protocols/dns-client.ts';
import { loadTemplateSource } from '../template/load-template.ts';
import type { Operators } from '../template/model.ts';
import { EventData } from './event-data.ts';
import { DEFAULT_MATCHING_LIMITS, MatchingPool } from './matching-pool.ts';
import { operate } from './operate.ts';
import type { Verdict } from './operate.ts';

const warnings: string[] = [];
const pool = new MatchingPool(message => warnings.push(message));
after(() => pool.close());
const reach = { signal: undefined, dns: new SocketDnsResolver([]) };

function operatorsOf(matchers: readonly object[], extractors: readonly object[], join = 'or'): Operators {
  const http = [{ path: ['{{BaseURL}}'], matchers, extractors, 'matchers-condition': join }];
  const source = JSON.stringify({ id: 'a', info: { name: 'a', author: 'a', severity: 'low' }, http });
  const block = loadTemplateSource(source, '/nowhere/a.yaml').blocks[0];
  assert.ok(block !== undefined);
  return block.operators;
}

/** The verdict and the values afterwards, on this thread or on any. */
async function outcome(
  operators: Operators,
  values: Readonly<Record<string, DslValue>>,
  matching: MatchingPool | undefined,
): Promise<{ verdict: Verdict; names: [string, DslValue][] }> {
  const below = new Map<string, DslValue>([['token', 'needle'], ['outer', 'from below']]); // prettier-ignore
  const data = new EventData(new Map(Object.entries(values)), name => below.get(name));
  const verdict = await operate(operators, data, matching === undefined ? reach : { ...reach, matching });
  return { verdict, names: [...data.values].sort() };
}

function eventOf(body: string): Record<string, DslValue> {
  const head = 'HTTP/1.1 200 OK\r\nServer: \xc3\xbcx\r\n\r\n';
  return { body, all_headers: head, header: head, response: head + body, status_code: 200 };
}

const PIECES = ['needle ', 'NEEDLE=', 'key: abcdef0123456789', '<a href="x">t</a>', '\xc3\xa9', '\xff', '{"a":1}', '\r\n', 'aaaa'] as const; // prettier-ignore
const PATTERNS = ['needle', '(?i)needle=?', '([a-z]+): ([a-f0-9]{16})', '(a+)+$', '\\xe9', '[^a]{5,9}', '^.*href', 'nosuchthing'] as const; // prettier-ignore
const MATCHERS = [
  ...PATTERNS.map(regex => ({ type: 'regex', name: regex, regex: [regex] })),
  { type: 'regex', name: 'both', condition: 'and', regex: ['needle', 'key'], negative: true },
  { type: 'word', name: 'words', words: ['{{token}} ', 'nothing'] },
  { type: 'word', name: 'folded', words: ['needle='], 'case-insensitive': true, part: 'response' },
  { type: 'binary', name: 'bytes', binary: ['c3a9'], part: 'all' },
  { type: 'xpath', name: 'path', xpath: ['//a[@href="x"]'] },
  { type: 'dsl', name: 'dsl', dsl: ['regex("(?i)KEY: [a-f]+", body) && len(to_lower(body)) > 10', 'status_code == 200 && contains(body, token)'] }, // prettier-ignore
  { type: 'dsl', name: 'missing', dsl: ['nosuch == 1', 'contains(md5(body), "a")'] },
  { type: 'status', name: 'ok', status: [200] },
] as const;
const EXTRACTORS = [
  { type: 'regex', name: 'word', group: 1, regex: ['([a-z]+): ([a-f0-9]+)'] },
  { type: 'regex', name: 'hidden', internal: true, regex: ['N[A-Z]+='] },
  { type: 'xpath', name: 'link', xpath: ['//a'], attribute: 'href' },
  { type: 'json', name: 'json', json: ['.a'] },
  { type: 'dsl', name: 'sum', dsl: ['len(body)', 'replace_regex(outer, "o", "0")'] },
  { type: 'kval', name: 'key', kval: ['server', 'all_headers'] },
] as const;

test('another thread finds exactly what this one finds', async () => {
  const body = fc
    .tuple(fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }), fc.constantFrom(1, 400, 20_000))
    .map(([pieces, times]) => pieces.join('').repeat(times).slice(0, 400_000));
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.subarray([...MATCHERS], { maxLength: 4 }),
      fc.subarray([...EXTRACTORS], { maxLength: 3 }),
      fc.constantFrom('and', 'or'),
      async (text, matchers, extractors, join) => {
        fc.pre(matchers.length + extractors.length > 0);
        const operators = operatorsOf(matchers, extractors, join);
        const here = await outcome(operators, eventOf(text), undefined);
        assert.deepEqual(await outcome(operators, eventOf(text), pool), here);
      },
    ),
    { numRuns: 60 },
  );
  assert.deepEqual(warnings, []);
});

describe('matching on another thread', () => {
  const large = eventOf('a line of text\n'.repeat(40_000));

  test('an expression that has to wait is waited for', async () => {
    const operators = operatorsOf([{ type: 'dsl', dsl: ['wait_for(0) && contains(body, "line")'] }], []);
    assert.equal((await outcome(operators, large, pool)).verdict.isMatched, true);
  });

  test('what takes too long is stopped, said, and no match; the next job finds a thread', async () => {
    const said: string[] = [];
    const slow = new MatchingPool(message => said.push(message), { ...DEFAULT_MATCHING_LIMITS, jobMs: 1 });
    const operators = operatorsOf([{ type: 'regex', negative: true, regex: ['(.*x.*)+y'] }], []);
    assert.equal((await outcome(operators, large, slow)).verdict.isMatched, false);
    assert.equal((await outcome(operators, large, slow)).verdict.isMatched, false);
    assert.match(said.join('\n'), /matching took longer than 0.001 s and was stopped.*\n.*was stopped/);
    slow.close();
  });

  test('a thread that runs out of memory is replaced', async () => {
    const said: string[] = [];
    const small = new MatchingPool(message => said.push(message), {
      ...DEFAULT_MATCHING_LIMITS,
      heapMb: 20,
    });
    const body = Array.from({ length: 150_000 }, (_, n) => `<a href="${n}">${n}</a>`).join('');
    const hungry = operatorsOf([{ type: 'xpath', xpath: ['//a'] }], []);
    assert.equal((await outcome(hungry, eventOf(body), small)).verdict.isMatched, false);
    assert.match(said.join(), /matching failed: .*memory/);
    small.close();
  });

  test('whoever asks after the end gets no match', async () => {
    const closed = new MatchingPool(() => undefined);
    closed.close();
    const operators = operatorsOf([{ type: 'word', words: ['line'] }], []);
    assert.equal((await outcome(operators, large, closed)).verdict.isMatched, false);
  });
});
