import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { template } from '../../test/loopback.ts';
import { loadTemplateFile, loadTemplateSource } from './load-template.ts';
import { openTemplates } from './template-set.ts';

const load = (source: string): ReturnType<typeof loadTemplateSource> =>
  loadTemplateSource(source, '/nowhere/x.yaml');
function firstPath(loaded: ReturnType<typeof load>): string {
  const [block] = loaded.blocks;
  return block?.protocol === 'http' ? (block.paths[0]?.text.source ?? '') : '';
}

const GET = "http:\n  - method: GET\n    path: ['{{BaseURL}}/']\n";

describe('what is refused, and the reason given', () => {
  const cases: readonly [string, string, RegExp][] = [
    ['an id with spaces', template(GET, 'two words'), /id two words/],
    ['no author', `id: a\ninfo:\n  name: A\n${GET}`, /author is missing/],
    ['no name', `id: a\ninfo:\n  author: A\n${GET}`, /name is missing/],
    ['an unknown key', template(`${GET}    colour: red`), /unknown key colour/],
    ['an unknown key at the top', template(`${GET}colour: red`), /unknown key colour/],
    [
      'both dialects at once',
      template(`${GET}requests:\n  - method: GET\n    path: ['/']`),
      /http and requests are the same/,
    ],
    ['code', template('code:\n  - engine: [sh]\n    source: id'), /unsupported: code/],
    ['headless', template('headless:\n  - steps: []'), /unsupported: headless/],
    ['javascript', template('javascript:\n  - code: 1'), /unsupported: javascript/],
    ['fuzzing', template(`${GET}    fuzzing:\n      - part: query`), /unsupported: fuzzing/],
    ['race', template(`${GET}    race: true`), /unsupported: race/],
    [
      'redirects of both kinds',
      template(`${GET}    redirects: true\n    host-redirects: true`),
      /exclude each other/,
    ],
    [
      'part on a dsl matcher',
      template(`${GET}    matchers:\n      - type: dsl\n        part: body\n        dsl: ['true']`),
      /dsl matcher cannot have part/,
    ],
    [
      'words on a status matcher',
      template(`${GET}    matchers:\n      - type: status\n        words: [a]\n        status: [200]`),
      /status matcher cannot have words/,
    ],
    [
      'an unknown condition',
      template(`${GET}    matchers:\n      - type: word\n        condition: xor\n        words: [a]`),
      /unknown condition xor/,
    ],
    [
      'an unknown matcher',
      template(`${GET}    matchers:\n      - type: favicon`),
      /unknown matcher type favicon/,
    ],
    [
      'a bad regular expression',
      template(`${GET}    matchers:\n      - type: regex\n        regex: ['a(?=b)']`),
      /does not compile/,
    ],
    [
      'a bad expression',
      template(`${GET}    matchers:\n      - type: dsl\n        dsl: ['1 +']`),
      /does not compile/,
    ],
    ['bad hex', template(`${GET}    matchers:\n      - type: binary\n        binary: ['zz']`), /is not hex/],
    [
      'bad jq',
      template(`${GET}    extractors:\n      - type: json\n        json: ['.a | nosuch(1)']`),
      /unsupported function nosuch/,
    ],
    [
      'bad XPath',
      template(`${GET}    extractors:\n      - type: xpath\n        xpath: ['//a[']`),
      /XPath .* does not compile/,
    ],
    ['an unknown attack', template(`${GET}    attack: sniper`), /unknown attack sniper/],
    [
      'batteringram over two lists',
      template(
        "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{a}}{{b}}']\n    payloads:\n      a: [1]\n      b: [2]",
      ),
      /batteringram takes one/,
    ],
    ['a flow with eval', template(`flow: eval("1")\n${GET}`), /unsupported: flow \(function eval/],
    ['a flow with a class', template(`flow: class A {}\n${GET}`), /unsupported: flow/],
    [
      'a payload file outside',
      template(
        "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{a}}']\n    payloads:\n      a: ../../../../etc/passwd",
      ),
      /not among the templates/,
    ],
  ];
  for (const [name, source, reason] of cases) test(name, () => assert.throws(() => load(source), reason));
});

describe('what is accepted', () => {
  test('older dialects', () => {
    assert.equal(
      load(template("requests:\n  - method: GET\n    path: ['{{BaseURL}}']")).blocks[0]?.protocol,
      'http',
    );
    assert.equal(
      load(template("network:\n  - host: ['{{Hostname}}']\n    inputs:\n      - data: a")).blocks[0]
        ?.protocol,
      'tcp',
    );
  });
  test('JSON, severities of any case, lists and comma lists', () => {
    const json = JSON.stringify({
      id: 'j',
      info: { name: 'J', author: 'A, b', severity: ' HIGH ', tags: 'X,y' },
      http: [{ path: ['{{BaseURL}}'] }],
    });
    const loaded = load(json);
    assert.deepEqual(
      [loaded.info.author, loaded.info.severity, loaded.info.tags],
      [['a', 'b'], 'high', ['x', 'y']],
    );
    assert.equal(load(`id: a\ninfo: {name: A, author: b}\n${GET}`).info.severity, 'unknown');
  });
  test('randstr is one word per name and loading', () => {
    const source = template(
      "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{randstr}}/{{randstr}}/{{randstr_2}}']",
    );
    const words = firstPath(load(source)).split('/').slice(1) ?? [];
    assert.match(words[0] ?? '', /^[0-9A-Za-z]{27}$/);
    assert.equal(words[0], words[1]);
    assert.notEqual(words[0], words[2]);
    const again = firstPath(load(source));
    assert.ok(!again.includes(words[0] ?? '-'));
  });
  test('payload lists that nothing mentions are dropped', () => {
    const source = template(
      "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{used}}']\n    payloads:\n      used: [1]\n      other: [2]",
    );
    const [block] = load(source).blocks;
    assert.deepEqual(
      block?.payloads?.lists.map(list => list.name),
      ['used'],
    );
  });
});

describe('sets of files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'checks-'));
    mkdirSync(join(folder, 'set/helpers'), { recursive: true });
    mkdirSync(join(folder, 'set/http'));
    writeFileSync(join(folder, 'set/helpers/words.txt'), 'one\n\ntwo\r\n');
    writeFileSync(join(folder, 'secret.txt'), 'secret\n');
    writeFileSync(
      join(folder, 'set/http/good.yaml'),
      template(
        "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{w}}']\n    payloads:\n      w: helpers/words.txt",
      ),
    );
    writeFileSync(
      join(folder, 'set/http/outside.yaml'),
      template(
        "http:\n  - method: GET\n    path: ['{{BaseURL}}/{{w}}']\n    payloads:\n      w: ../../secret.txt",
      ),
    );
    writeFileSync(join(folder, 'set/http/bytes.yaml'), Buffer.from([0x69, 0x64, 0x3a, 0xff, 0xfe]));
    for (let n = 0; n < 60; n += 1)
      writeFileSync(join(folder, `set/http/t${n}.yaml`), template(GET, `t-${n}`));
  });
  after(() => rmSync(folder, { recursive: true }));

  test('payload files come from the set only', () => {
    const loaded = loadTemplateFile(join(folder, 'set/http/good.yaml'), { root: join(folder, 'set') });
    assert.deepEqual(
      loaded.blocks[0]?.payloads?.lists[0]?.values.map(value => value.source),
      ['one', 'two'],
    );
    const { templates, rejected } = openTemplates([join(folder, 'set')]);
    assert.equal(templates.length, 61);
    assert.deepEqual(rejected.map(item => item.file).sort(), ['http/bytes.yaml', 'http/outside.yaml']);
    assert.match(rejected.find(item => item.file.endsWith('bytes.yaml'))?.reason ?? '', /UTF-8/);
  });

  test('the index gives the same set, and notices a changed file', () => {
    const options = { cacheFolder: join(folder, 'cache') };
    const ids = (): string[] =>
      openTemplates([join(folder, 'set')], options).templates.map(handle => handle.entry.id);
    const first = ids();
    assert.deepEqual(ids(), first);
    writeFileSync(join(folder, 'set/http/t7.yaml'), template(GET, 'changed-template'));
    assert.ok(ids().includes('changed-template'));
    writeFileSync(join(folder, 'set/http/t8.yaml'), 'id: [');
    assert.ok(!ids().includes('t-8'));
    writeFileSync(join(folder, 'set/http/t8.yaml'), template(GET, 't-8'));
  });
});
