import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FindingObservation, Observation } from '@glacis/engine';
import { coverageOf, findingsOf, usePractice } from '../test/practice.ts';
import { openJob, runScanner } from '../test/scan-in-memory.ts';
import { checkResolver, checkTransport } from './parts/check-reach.ts';
import { withoutSecrets } from './parts/secrets.ts';
import { scanners } from './index.ts';

const practice = usePractice('template-checks');
const [scanner] = scanners.filter(({ id }) => id === 'template-checks');
assert.ok(scanner);
const folder = mkdtempSync(join(tmpdir(), 'glacis-templates-'));
after(() => {
  for (const each of [folder, `${folder}.index`]) rmSync(each, { recursive: true, force: true });
});

const SHOP = 'http://shop.larkspur.test:8080';
const FILES = 'http://files.larkspur.test:8080';
const site = (key: string, ...technologies: string[]) => ({
  kind: 'website' as const,
  key,
  attributes: { technologies },
});

function run(
  assets: Parameters<typeof runScanner>[1],
  settings: Record<string, unknown> = {},
  templateFolder?: string,
): Promise<Observation[]> {
  assert.ok(scanner);
  return runScanner(scanner, assets, practice().terrain, {
    settings,
    ...(templateFolder === undefined ? {} : { templateFolder }),
  });
}

test('templates about a technology run where it was seen, the others everywhere', async () => {
  const seen = await run([site(SHOP, 'apache/2.4.29', 'php/7.4.3'), site(FILES, 'apache/2.4.29')]);
  assert.deepEqual(findingsOf(seen), [
    `check.apache-server-status ${FILES} /server-status`,
    `check.phpinfo ${SHOP} /phpinfo.php`,
  ]);
  assert.deepEqual(findingsOf(await run([site(SHOP, 'nginx'), site(FILES)])), []);
  const all = await run([site(FILES, 'nginx')], { matchTechnologies: false });
  assert.deepEqual(findingsOf(all), [`check.apache-server-status ${FILES} /server-status`]);
});

test('coverage names the rules that were looked for, and options choose them', async () => {
  const rulesOf = async (settings: Record<string, unknown>) => {
    const [coverage] = (await run([site(FILES, 'apache')], settings)).filter(
      ({ type }) => type === 'coverage',
    );
    assert.ok(coverage?.type === 'coverage');
    assert.equal(coverage.outcome, 'looked');
    return coverage.rules ?? [];
  };
  const rules = await rulesOf({});
  assert.ok(rules.includes('check.apache-server-status') && rules.includes('check.exposed-sql-dump'));
  for (const other of ['check.phpinfo', 'check.exposed-git-head', 'check.missing-security-headers'])
    assert.ok(!rules.some(rule => rule === other), other);
  assert.deepEqual(await rulesOf({ ids: ['apache-server-*'] }), [
    'check.apache-server-info',
    'check.apache-server-status',
  ]);
  assert.deepEqual(await rulesOf({ ids: ['exposed-git-head'] }), ['check.exposed-git-head']);
  assert.ok((await rulesOf({ severities: ['critical'] })).length < rules.length);
  assert.deepEqual(await rulesOf({ tags: ['NOSUCHTAG'] }), []);
});

test('a service is asked only by templates for its port', async () => {
  const [mysql] = practice()
    .assets('service')
    .filter(({ key }) => key.endsWith(':3306/tcp'));
  assert.ok(mysql);
  const found = await run([mysql]);
  assert.deepEqual(findingsOf(found), [`check.mysql-reachable ${mysql.key}`]);
});

const template = (id: string, rest: string) => `id: ${id}
info:
  name: Backup of the shop
  author: someone
  severity: critical
  description: A dump of the shop lies open.
  remediation: Take it away.
  reference: [https://example.test/advisory]
  classification:
    cve-id: CVE-2031-0001
    cwe-id: CWE-530
    cvss-metrics: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N
    cvss-score: 7.5
${rest}`;
const http = `http:
  - path: ['{{BaseURL}}/backup.sql?n={{randstr}}']
    matchers:
      - type: word
        words: ['MySQL dump']
    extractors:
      - type: regex
        name: version
        group: 1
        regex: ['Distrib ([0-9.]+)']
`;

test('templates of the installation bring what their findings say, and what cannot be guarded is not run', async () => {
  writeFileSync(join(folder, 'shop.yaml'), template('shop-backup', http));
  writeFileSync(
    join(folder, 'loud.yaml'),
    template('loud', `  \n${http}`).replace('  author', '  tags: intrusive\n  author'),
  );
  writeFileSync(
    join(folder, 'names.yaml'),
    template(
      'names',
      "dns:\n  - name: '{{FQDN}}'\n    type: TXT\n    matchers: [{type: word, words: [v]}]\n",
    ),
  );
  const key = 'http://staging.larkspur.test:8080';
  const found = await run([site(key, 'nginx')], { ids: ['shop-backup', 'names'] }, folder);
  const [finding] = found.filter((each): each is FindingObservation => each.type === 'finding');
  assert.deepEqual(findingsOf(found), [`check.shop-backup ${key} /backup.sql?n=* · version`]);
  assert.deepEqual(finding?.rule, {
    title: 'Backup of the shop',
    severity: 'critical',
    description: 'A dump of the shop lies open.',
    impact: '',
    advice: 'Take it away.',
    cwe: 530,
    references: ['https://example.test/advisory'],
    cves: ['CVE-2031-0001'],
    cvss: { score: 7.5, vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' },
  });
  assert.deepEqual(
    finding?.evidence.map(({ label }) => label),
    ['Template', 'Extracted', 'Request', 'Response'],
  );
  assert.equal(finding?.evidence[1]?.text, '5.7.33');
  assert.match(
    finding?.evidence[2]?.text ?? '',
    /^GET \/backup\.sql\?n=\* HTTP\/1\.1\r\n[^]*User-Agent: Glacis/,
  );
  const tagged = await run([site(key, 'nginx')], { tags: ['intrusive'] }, folder);
  assert.deepEqual(findingsOf(tagged), []);
  const wanted = await run([site(key, 'nginx')], { tags: ['intrusive'], intrusive: true }, folder);
  assert.equal(findingsOf(wanted).length, 1);
});

test('what is out of scope or gone ends in the coverage', async () => {
  const found = await run([
    site('http://www.bystander.test:8080'),
    site('http://www.larkspur.test:9'),
    { kind: 'service', key: 'nonsense' },
  ]);
  assert.deepEqual(coverageOf(found), {
    'http://www.bystander.test:8080': 'skipped',
    'http://www.larkspur.test:9': 'unreachable',
    nonsense: 'skipped',
  });
  assert.equal(practice().net.counters().total, 0);
});

test('what the guard stops is counted apart from what did not answer', async () => {
  const job = openJob(practice().terrain);
  const how = { isTls: false, timeoutMs: 1000 };
  const web = checkTransport(job.capabilities);
  await assert.rejects(async () => web.connect('www.bystander.test', 8080, how), /scope/);
  assert.equal(web.refused(), 1);
  await assert.rejects(async () => web.connect('www.larkspur.test', 9, how), /ECONNREFUSED/);
  assert.equal(web.refused(), 1);
  const service = checkTransport(job.capabilities, 8080);
  await assert.rejects(
    async () => service.connect('www.larkspur.test', 8443, how),
    /not that of the service/,
  );
  assert.equal(service.refused(), 1);
  const stream = await service.connect('www.larkspur.test', 8080, how);
  stream.destroy();
  const answer = await checkResolver(job.capabilities).query({
    name: 'www.larkspur.test',
    type: 'A',
    class: 'IN',
    isRecursive: true,
    servers: [],
    timeoutMs: 1000,
    attempts: 1,
    signal: undefined,
  });
  const [first] = answer.answers ?? [];
  assert.equal(first?.type === 'A' && first.data, practice().addressOf('www.larkspur.test'));
  await job.close();
  assert.equal(practice().net.counters().total, 0);
});

test('evidence keeps names and loses secrets', () => {
  const cases = [
    ['DB_PASSWORD=hunter2\nAPP=x', 'DB_PASSWORD=…\nAPP=x'],
    ['{"apiKey": "abc123", "name": "n"}', '{"apiKey": "…", "name": "n"}'],
    ['postgres://user:pw@db.test/x', 'postgres://user:…@db.test/x'],
    ['id = AKIAABCDEFGHIJKLMNOP', 'id = AKIA…'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
      '-----BEGIN RSA PRIVATE KEY-----…-----END RSA PRIVATE KEY-----',
    ],
    ['<input type="password" name="password">', '<input type="password" name="password">'],
  ] as const;
  for (const [text, kept] of cases) assert.equal(withoutSecrets(text), kept);
});
