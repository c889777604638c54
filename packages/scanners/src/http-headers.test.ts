import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { after } from 'node:test';
import { coverageOf, findingsOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import httpHeaders from './http-headers.ts';

const practice = usePractice('http-headers');
const closers: (() => void)[] = [];
after(() => closers.forEach(close => close()));

test('findings on every site are those of the truth', async () => {
  const websites = practice()
    .assets('website')
    .filter(({ attributes }) => attributes?.['isCatchAll'] !== true);
  const seen = await runScanner(httpHeaders, websites, practice().terrain);
  const expected = practice()
    .net.truth.findings.filter(({ foundBy }) => foundBy.includes('http-headers'))
    .map(({ ruleId, assetKey, parameter }) => [ruleId, assetKey, parameter].filter(Boolean).join(' '));
  assert.ok(expected.length > 20);
  assert.deepEqual(findingsOf(seen), expected.sort());
});

test('sites that answer everything are not looked at', () => {
  const site = { kind: 'website' as const, key: 'http://x.test', attributes: { isCatchAll: true } };
  assert.equal(httpHeaders.accepts?.(site), false);
  assert.equal(httpHeaders.accepts?.({ ...site, attributes: {} }), true);
});

/** Findings on a site of our own, without their asset. */
async function on(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const address = `127.${practice().net.world.plan.block}.200.11`;
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen({ host: address, port: 0 }, resolve));
  closers.push(() => server.close());
  const bound = server.address();
  const key = `http://${address}:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const { terrain } = practice();
  const scope = { ...terrain.scope, networks: [`${address}/32`] };
  const seen = await runScanner(httpHeaders, [{ kind: 'website', key }], { ...terrain, scope });
  return {
    findings: findingsOf(seen).map(text => text.replace(` ${key}`, '')),
    seen,
    coverage: coverageOf(seen)[key],
  };
}

test('protections count in the forms in which they come', async () => {
  const { findings } = await on((_request, response) => {
    response.setHeader('content-security-policy', ["default-src 'none'", "frame-ancestors 'none'"]);
    response.setHeader('x-content-type-options', 'NoSniff');
    response.setHeader('set-cookie', ['a=1; httponly', 'b=2; Path=/; HTTPONLY; SameSite=Lax']);
    response.end('fine');
  });
  assert.deepEqual(findings, []);
});

test('a report-only policy protects from nothing', async () => {
  const { findings } = await on((_request, response) => {
    response.setHeader('content-security-policy-report-only', "frame-ancestors 'none'");
    response.setHeader('x-content-type-options', 'nosniff');
    response.end();
  });
  assert.deepEqual(findings, ['http.missing-csp', 'http.missing-frame-protection']);
});

test('a cookie is reported by name, and its value is not kept', async () => {
  const { findings, seen } = await on((_request, response) => {
    response.setHeader('content-security-policy', "frame-ancestors 'none'");
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('set-cookie', ['session=verysecret; Path=/', 'session=again']);
    response.end();
  });
  assert.deepEqual(findings, ['http.cookie-without-httponly session']);
  assert.ok(!JSON.stringify(seen).includes('verysecret'));
});

test('a broken server is unreachable and not judged', async () => {
  const { findings, coverage } = await on((_request, response) => response.writeHead(502).end());
  assert.deepEqual(findings, []);
  assert.equal(coverage, 'unreachable');
});
