/**
 * Runs this engine and the `nuclei` on the PATH over the same templates and the same loopback server, and compares the
 * results and the requests sent. Prints one JSON line; differences go to the error channel.
 * Usage: npm run compare:nuclei [-- TEMPLATES …] (the package's own templates when absent). Contacts 127.0.0.1 only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startRecorder } from './recording-server.ts';
import type { RecordedRequest } from './recording-server.ts';
import { OWN_TEMPLATES, exclusionOf, openTemplates, planTemplates, startScan } from '../src/index.ts';

/** A page that many templates find something in: names of products, listings, headers. */
const PAGE = '<html><head><title>Index of /</title></head><body>root:x:0:0:root:/root:/bin/sh [core] repositoryformatversion = 0 phpinfo() PHP Version 8.1.2 DB_PASSWORD=secret token="abc123" version: 1.2.3 Login Dashboard Admin</body></html>'; // prettier-ignore
const SHOWN = 400;

interface Seen {
  readonly requests: Set<string>;
  count: number;
}

/** Header lines that differ between any two runs. */
const IGNORED = new Set(['user-agent', 'connection', 'content-length', 'host']);

/** Words of the templates: any other word of a request is one that was drawn, encoded or hashed at run time. */
const templateWords = new Set<string>();
const WORD = /[A-Za-z0-9]{2,}/g;
const RANDOM = /(?:<random>[+/=]*)+/g;

function describe({ requestLine, headers, body }: RecordedRequest): string {
  if (requestLine.startsWith('\x16\x03')) return 'client hello';
  // Whether a parallel request already brings the cookie of an earlier answer is chance; Go sorts headers.
  const shown = headers
    .filter(line => !IGNORED.has(line.split(':', 1)[0]?.toLowerCase() ?? ''))
    .map(line => line.replace(/(?:; )?session=1$/, ''))
    .filter(line => !/^cookie:\s*$/i.test(line))
    .sort();
  return JSON.stringify([requestLine, ...shown, body])
    .replace(WORD, word => (templateWords.has(word.toLowerCase()) ? word : '<random>'))
    .replace(RANDOM, '<random>');
}

/** Notes the words of all files of a folder. */
function learnWords(path: string): void {
  const files = statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name));
  for (const file of files) {
    for (const [word] of readFileSync(file, 'latin1').matchAll(WORD)) templateWords.add(word.toLowerCase());
  }
}

const TEXTS: Readonly<Record<string, string>> = {
  json: '{"version":"1.2.3","items":[{"id":7,"name":"a"},{"id":8,"name":"b"}],"flag":true}',
  xml: '<?xml version="1.0"?><root><item id="7">seven</item><item id="8">eight</item></root>',
  form: '<form><input name="csrf" value="tok-1"><a href="/x">one</a><a href="/y">two</a></form>',
};

/** Paths with "redirect", "json", "xml", "form" or "zzz" get what they say, all others the page. */
function answerTo(url: string, isHead: boolean): string {
  const kind = Object.keys(TEXTS).find(word => url.includes(word));
  const page = (kind === undefined ? PAGE + url.slice(0, 2000) : TEXTS[kind]) ?? '';
  const isMoved = url.includes('redirect');
  const status = isMoved ? '302 Found' : url.includes('zzz') ? '404 Not Found' : '200 OK';
  const moved = isMoved ? `Location: ${url.replaceAll('redirect', 'landed')}\r\n` : '';
  return `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nX-Powered-By: PHP/8.1.2\r\nSet-Cookie: session=1; path=/\r\nServer: nginx/1.24.0\r\n${moved}Content-Length: ${page.length}\r\n\r\n${isHead ? '' : page}`;
}

async function observed(
  work: (url: string) => Promise<string[]>,
): Promise<{ seen: Seen; results: string[]; seconds: number }> {
  const seen: Seen = { requests: new Set(), count: 0 };
  const port = Number(process.env['PORT'] ?? '0');
  const server = await startRecorder(port, request => {
    seen.count += 1;
    seen.requests.add(describe(request));
    const url = request.requestLine.split(' ')[1] ?? '';
    return answerTo(url, request.requestLine.startsWith('HEAD '));
  });
  const startedAt = performance.now();
  const results = await work(`http://127.0.0.1:${server.port}${process.env['TARGET_PATH'] ?? ''}`);
  const seconds = (performance.now() - startedAt) / 1000;
  server.close();
  return { seen, results, seconds };
}

/** Neither the port of the run nor a word drawn in it tells two results apart. */
const plainOf = (value: unknown): string =>
  JSON.stringify(value)
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replace(/[A-Za-z0-9]{27}/g, '<random>')
    .replace(/-\d{5}-\d{5}-/g, '-<port>-');

const keyOf = (record: Record<string, unknown>): string =>
  plainOf([
    record['template-id'], record['matcher-name'] ?? '', record['extractor-name'] ?? '', String(record['matched-at']),
    [...((record['extracted-results'] as string[] | undefined) ?? [])].sort(),
  ]); // prettier-ignore

async function runOurs(paths: readonly string[], url: string): Promise<string[]> {
  const set = openTemplates(paths);
  const handles = set.templates.filter(handle => exclusionOf(handle, {}) === undefined);
  const keys: string[] = [];
  for await (const result of startScan(planTemplates(handles), [url], {
    rateLimit: 0,
    maxHostError: 0,
    omitsRaw: true,
  }))
    keys.push(keyOf({ ...result }));
  return keys;
}

async function runNuclei(paths: readonly string[], url: string): Promise<string[]> {
  const child = spawn(
    'nuclei',
    [
      '-duc',
      '-ni',
      '-nc',
      '-jsonl',
      '-silent',
      '-or',
      '-rl',
      '0',
      '-mhe',
      '0',
      '-etags',
      'dos,fuzz,bruteforce,local,intrusive',
      '-u',
      url,
      ...paths.flatMap(path => ['-t', path]),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => (output += chunk));
  await once(child, 'close');
  return output.split('\n').filter(line => line.startsWith('{')).map(line => keyOf(JSON.parse(line) as Record<string, unknown>)); // prettier-ignore
}

const without = (left: Iterable<string>, right: Iterable<string>): string[] => {
  const known = new Set(right);
  return [...new Set(left)].filter(item => !known.has(item)).sort();
};

const paths = process.argv.length > 2 ? process.argv.slice(2) : [OWN_TEMPLATES];
const probe = spawn('nuclei', ['-version'], { stdio: 'ignore' });
const [isThere] = await Promise.race([
  once(probe, 'close').then(() => [true]),
  once(probe, 'error').then(() => [false]),
]);
if (isThere !== true) {
  process.stdout.write(`${JSON.stringify({ skipped: 'there is no nuclei on the PATH' })}\n`);
} else {
  for (const path of paths) learnWords(path);
  for (const word of [
    'get',
    'post',
    'http',
    'gzip',
    'accept',
    'encoding',
    'language',
    'host',
    'cookie',
    'session',
  ])
    templateWords.add(word);
  const ours = await observed(url => runOurs(paths, url));
  const theirs = await observed(url => runNuclei(paths, url));
  const plain = (item: string): string => item.replace(/127\.0\.0\.1:(?:\d+|<number>)/g, '<host>');
  const differences = {
    resultsOnlyOurs: without(ours.results, theirs.results),
    resultsOnlyTheirs: without(theirs.results, ours.results),
    requestsOnlyOurs: without([...ours.seen.requests].map(plain), [...theirs.seen.requests].map(plain)),
    requestsOnlyTheirs: without([...theirs.seen.requests].map(plain), [...ours.seen.requests].map(plain)),
  };
  for (const [name, items] of Object.entries(differences))
    for (const item of items.slice(0, SHOWN)) process.stderr.write(`${name}: ${item.slice(0, 600)}\n`);
  const counts = Object.fromEntries(Object.entries(differences).map(([name, items]) => [name, items.length]));
  const side = ({ seen, results, seconds }: typeof ours): object => ({
    requests: seen.count,
    distinct: seen.requests.size,
    results: results.length,
    seconds: Number(seconds.toFixed(2)),
  });
  process.stdout.write(`${JSON.stringify({ ours: side(ours), nuclei: side(theirs), ...counts })}\n`);
}
process.exit(0);
