/**
 * Runs this engine and the `nuclei` on the PATH over the same templates and the same loopback server, and compares the
 * results and the requests sent. Prints one JSON line; differences go to the error channel.
 * Usage: npm run compare:nuclei [-- TEMPLATES …] (the package's own templates when absent). Contacts 127.0.0.1 only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OWN_TEMPLATES, exclusionOf, openTemplates, planTemplates, startScan } from '../src/index.ts';

/** A page that many templates find something in: names of products, listings, headers. */
const PAGE = '<html><head><title>Index of /</title></head><body>root:x:0:0:root:/root:/bin/sh [core] repositoryformatversion = 0 phpinfo() PHP Version 8.1.2 DB_PASSWORD=secret token="abc123" version: 1.2.3 Login Dashboard Admin</body></html>'; // prettier-ignore
const SHOWN = 400;

interface Seen {
  readonly requests: Set<string>;
  count: number;
}

/** Header lines that differ between any two runs. */
const IGNORED = new Set(['user-agent', 'connection', 'content-length']);

function describe(request: IncomingMessage, body: string): string {
  const headers = Object.entries(request.headers).filter(([name]) => !IGNORED.has(name));
  const shown = headers.map(([name, value]) => `${name}=${String(value)}`).sort();
  return `${request.method ?? ''} ${request.url ?? ''} ${shown.join(' ')} ${body}`
    .replace(/[A-Za-z0-9]{27}/g, '<word>')
    .replace(/\d{3,}/g, '<number>');
}

async function observed(
  work: (url: string) => Promise<string[]>,
): Promise<{ seen: Seen; results: string[]; seconds: number }> {
  const seen: Seen = { requests: new Set(), count: 0 };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.count += 1;
      seen.requests.add(describe(request, body));
      const isMissing = (request.url ?? '').includes('zzz');
      response.writeHead(isMissing ? 404 : 200, {
        'content-type': 'text/html',
        'x-powered-by': 'PHP/8.1.2',
        'set-cookie': 'session=1; path=/',
        server: 'nginx/1.24.0',
      });
      response.end(PAGE + (request.url ?? '').slice(0, 2000));
    });
  });
  server.listen(Number(process.env['PORT'] ?? '0'), '127.0.0.1');
  await once(server, 'listening');
  const startedAt = performance.now();
  const results = await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const seconds = (performance.now() - startedAt) / 1000;
  server.closeAllConnections();
  server.close();
  return { seen, results, seconds };
}

const keyOf = (record: Record<string, unknown>): string =>
  JSON.stringify([
    record['template-id'], record['matcher-name'] ?? '', record['extractor-name'] ?? '', String(record['matched-at']).replace(/:\d+/, ''),
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
