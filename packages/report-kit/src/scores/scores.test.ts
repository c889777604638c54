import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findCwe,
  parseAttackId,
  parseCvss,
  rateOwaspRisk,
  scoreCvss,
  searchCwe,
  SEVERITIES,
  severityNumber,
} from './index.ts';

/** Scores that FIRST and NVD publish for these vectors. */
const KNOWN: readonly (readonly [string, string, string, string])[] = [
  ['AV:N/AC:L/Au:N/C:N/I:N/A:C', '2.0', '7.8', 'high'],
  ['(AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C)', '2.0', '8.3', 'high'],
  ['AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C', '2.0', '4.9', 'medium'],
  // The three examples of the guide to 2.0 with their environment; floats give 9.1 and 7.4.
  ['AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H', '2.0', '9.2', 'critical'],
  ['AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:L', '2.0', '9.0', 'critical'],
  ['AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M', '2.0', '7.5', 'high'],
  ['AV:N/AC:L/Au:N/C:C/I:C/A:C/CDP:N/TD:N', '2.0', '0.0', 'info'],
  ['CVSS:3.0/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:H/E:X/RL:U/RC:U', '3.0', '4.6', 'medium'],
  ['CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L', '3.1', '4.2', 'medium'],
  ['CVSS:3.1/AC:H/AV:N/PR:N/UI:N/S:C/C:N/I:H/A:N', '3.1', '6.8', 'medium'],
  ['CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N', '4.0', '8.3', 'high'],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N', '4.0', '5.1', 'medium'],
  ['CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', '3.0', '6.1', 'medium'],
  ['CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', '3.0', '6.4', 'medium'],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', '3.1', '9.8', 'critical'],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', '3.1', '10.0', 'critical'],
  ['CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', '3.1', '3.1', 'low'],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', '3.1', '0.0', 'info'],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', '4.0', '10.0', 'critical'],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', '4.0', '9.3', 'critical'],
  ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', '4.0', '7.3', 'high'],
  ['CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', '4.0', '7.7', 'high'],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N', '4.0', '0.0', 'info'],
];

test('CVSS 2.0 to 4.0 give the published scores', () => {
  for (const [vector, version, score, level] of KNOWN) {
    const value = scoreCvss(vector);
    assert.deepEqual([value.version, value.score, value.level], [version, score, level], vector);
  }
});

test('a scored vector has the groups that a design shows', () => {
  const value = scoreCvss('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H');
  assert.deepEqual(value.base, { score: 9.8, exploitability: 3.9, impact: 5.9 });
  assert.deepEqual(value.temporal, {});
  assert.deepEqual(value.final, { score: 9.8 });
  assert.equal(value.level_number, 5);
  const temporal = scoreCvss('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U');
  assert.equal(temporal.temporal.score, 7.8);
  assert.equal(temporal.score, '7.8');
  const environmental = scoreCvss('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MAV:P');
  assert.equal(environmental.score, environmental.environmental.score?.toFixed(1));
});

test('what is no vector scores nothing and says why', () => {
  for (const [vector, reason] of [
    ['CVSS:3.1/AV:N', /AC, PR, UI, S, C, I, A are missing/],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X', /A/],
    ['CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', /AV is there twice/],
    ['CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', /AV may be/],
    ['CVSS:5.0/AV:N', /5\.0 is not known/],
    ['CVSS:3.1/AT:N/AC:L', /no metric/],
    ['n/a', /There is no vector/],
    ['', /There is no vector/],
    ['9.8', /is a score/],
    ['cvss:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:h/a:h', /in capital letters/],
    ['CVSS:3.1', /begins with its version/],
    ['CVSS2#AV:N/AC:L/Au:N/C:C/I:C/A:C', /begins with its version/],
    ['av:n/ac:l', /“av:n” is no metric of CVSS 2\.0/],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/', /behind the last one, there is no metric/],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:S/SA:H', /SI may be X, H, L, N/],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H', /metric SA is missing/],
    [`CVSS:3.1/${'AV:N/'.repeat(200)}`, /at most/],
  ] as const) {
    const parsed = parseCvss(vector);
    assert.match('error' in parsed ? parsed.error : '', reason, vector);
    assert.deepEqual([scoreCvss(vector).score, scoreCvss(vector).level], ['n/a', 'info']);
  }
});

test('CWE: numbers, names and parents', () => {
  const injection = findCwe('CWE-89');
  assert.match(injection?.name ?? '', /SQL Injection/);
  assert.equal(injection?.parent, 'CWE-943');
  assert.deepEqual(
    injection?.parents.map(({ value }) => value),
    ['CWE-943', 'CWE-74', 'CWE-707'],
  );
  assert.equal(findCwe('cwe-99999'), undefined);
  assert.equal(findCwe('__proto__'), undefined);
  assert.equal(searchCwe('79')[0]?.value, 'CWE-79');
  assert.ok(
    searchCwe('sql injection')
      .slice(0, 3)
      .some(({ value }) => value === 'CWE-89'),
  );
  assert.deepEqual(searchCwe('zzzz'), []);
  for (const query of ['cwe-79', 'CWE 79', 'cwe79', 'xss'])
    assert.equal(searchCwe(query)[0]?.value, 'CWE-79', query);
  assert.equal(searchCwe('sqli')[0]?.value, 'CWE-89');
  assert.deepEqual(
    findCwe('CWE-1427')?.parents.map(({ value }) => value),
    ['CWE-77', 'CWE-74', 'CWE-707'],
  );
  assert.doesNotMatch(findCwe('CWE-1426')?.description ?? '', /[\n\t]/);
});

test('OWASP risk rating: the example of the methodology', () => {
  const risk = rateOwaspRisk('SL:5/M:2/O:7/S:1/ED:3/EE:6/A:9/ID:2/LC:9/LI:7/LAV:5/LAC:8/FD:1/RD:2/NC:1/PV:5');
  assert.ok(!('error' in risk));
  assert.equal(risk.likelihood, 4.375);
  assert.equal(risk.likelihoodLevel, 'medium');
  assert.equal(risk.impact, 2.25);
  assert.equal(risk.impactLevel, 'low');
  assert.equal(risk.level, 'low');
  const technical = rateOwaspRisk('(SL:5/M:2/O:7/S:1/ED:3/EE:6/A:9/ID:2/LC:9/LI:7/LAV:5/LAC:8)');
  assert.ok(!('error' in technical) && technical.impact === 7.25 && technical.level === 'high');
  for (const wrong of ['SL:5', 'SL:10/M:1', 'XX:1', 'SL:1/SL:1'])
    assert.ok('error' in rateOwaspRisk(wrong), wrong);
});

test('ATT&CK identifiers', () => {
  assert.deepEqual(parseAttackId('t1059.001'), {
    id: 'T1059.001',
    kind: 'sub-technique',
    parent: 'T1059',
    url: 'https://attack.mitre.org/techniques/T1059/001/',
  });
  assert.equal(parseAttackId('TA0001')?.kind, 'tactic');
  assert.equal(parseAttackId('DET0001')?.kind, 'detection strategy');
  assert.equal(parseAttackId('A0001')?.kind, 'asset');
  assert.equal(parseAttackId('T12'), undefined);
});

test('severities count from 5 to 1', () => {
  assert.deepEqual(SEVERITIES.map(severityNumber), [5, 4, 3, 2, 1]);
});
