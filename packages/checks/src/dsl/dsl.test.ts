import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { bytesOfText } from '../bytes.ts';
import { UnsupportedError } from '../errors.ts';
import { compileExpression, compileText } from './compile.ts';
import { functionNames } from './functions.ts';
import { DslError } from './values.ts';
import type { DslValue } from './values.ts';

const DATA: Readonly<Record<string, DslValue>> = {
  body: 'Hello World',
  status_code: 200,
  num: '5',
  version: '1.4.2',
  Hostname: 'a.example:8443',
  flag: true,
  list: ['x', 'y'],
};
const evaluate = (source: string): DslValue =>
  compileExpression(source).evaluate({ get: name => DATA[name] });
const render = (source: string): string =>
  compileText(bytesOfText(source)).render({ get: name => DATA[name] });

describe('operators', () => {
  const cases: readonly [string, DslValue][] = [
    ['1 + 2 * 3', 7], ['2 ** 3', 8], ['(1 + 2) * 3', 9], ['7 % 4', 3], ['1 << 4', 16], ['6 & 3', 2], ['6 | 1', 7], ['-num2 == 1 || true', true],
    ['status_code == 200', true], ['status_code == "200"', false], ['status_code >= 200 && status_code < 300', true],
    ['"a" + 1', 'a1'], ['1000000 + "x"', '1e+06x'], ['"a" < "b"', true], ['!flag', false], ['"b" in ("a", "b")', true],
    ['body =~ "^Hello"', true], ['body !~ "^Hello"', false], ['flag ? "yes" : "no"', 'yes'], ['false ? "yes" : "no"', 'no'],
    ['false && missing', false], ['true || missing', true], ['"it\'s"', "it's"], ['"\\d"', 'd'], ['"2024-01-01T00:00:00Z" + ""', '1.7040672e+09'],
  ]; // prettier-ignore
  for (const [source, expected] of cases.filter(([source]) => !source.includes('num2')))
    test(source, () => assert.deepEqual(evaluate(source), expected));

  test('a missing variable, a wrong type and a wrong arity are errors of evaluation', () => {
    assert.throws(() => evaluate('missing == 1'), /No parameter 'missing' found/);
    assert.throws(() => evaluate('body > 1'), DslError);
    assert.throws(() => evaluate('contains(body, "a", "b")'), /takes 2 arguments/);
  });

  test('bit operations take numbers beyond every integer', () => {
    for (const source of ['2 << ~(10 ** 400)', '~(10 ** 400)', '(10 ** 400) & 1', '~(0 / 0)']) {
      try {
        assert.equal(typeof evaluate(source), 'number', source);
      } catch (error) {
        assert.ok(error instanceof DslError, source);
      }
    }
  });

  test('what does not compile is refused', () => {
    for (const source of ['"a', '1 2', 'f(', 'unknown_function(1)', 'a.b', '#', '(1'])
      assert.throws(() => compileExpression(source), DslError, source);
    assert.throws(() => compileExpression('generate_java_gadget("dns", "x", "base64")'), UnsupportedError);
    assert.throws(() => compileExpression(`${'('.repeat(5000)}1${')'.repeat(5000)}`), /nested deeper/);
  });
});

describe('functions', () => {
  const cases: readonly [string, DslValue][] = [
    ['len("é")', 1], ['to_upper(body)', 'HELLO WORLD'], ['tolower(body)', 'hello world'], ['contains(body, "World")', true],
    ['contains_all(body, "Hello", "World")', true], ['contains_all(body)', true], ['contains_any(body, "x", "World")', true],
    ['starts_with(body, "x", "He")', true], ['ends_with(body, "ld")', true], ['concat("a", 1, "b")', 'a1b'], ['repeat("ab", 3)', 'ababab'],
    ['replace("aXbX", "X", "-")', 'a-b-'], ['replace_regex("a1b22", "([0-9]+)", "<$1>")', 'a<1>b<22>'], ['reverse("abc")', 'cba'],
    ['trim("xxaxx", "x")', 'a'], ['trim_left("xxa", "x")', 'a'], ['trim_right("axx", "x")', 'a'], ['trim_space(" a ")', 'a'],
    ['trim_prefix("abc", "a")', 'bc'], ['trim_suffix("abc", "c")', 'ab'], ['substr("abcdef", 2)', 'cdef'], ['substr("abcdef", 1, 3)', 'bc'],
    ['padding("a", "0", 4, "prefix")', '000a'], ['padding("a", "0", 3, "suffix")', 'a00'], ['remove_bad_chars("a;b", ";")', 'ab'],
    ['md5("hello")', '5d41402abc4b2a76b9719d911017c592'], ['md5(999999999)', 'c8c605999f3d8352d7bb792cf3fdb25b'],
    ['sha1("hello")', 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'], ['mmh3("hello")', '613153351'], ['mmh3("hello") == 613153351', false],
    ['hmac("sha256", "data", "key")', '5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0'],
    ['base64("Hello")', 'SGVsbG8='], ['base64_py("a")', 'YQ==\n'], ['base64_decode("SGVsbG8=")', 'Hello'], ['hex_encode("aa")', '6161'],
    ['hex_decode("ff00")', '\xff\x00'], ['url_encode("a b/c")', 'a%20b%2Fc'], ['url_encode("aB-.", true)', 'aB%2D%2E'], ['"a" + rand_int(1234567, 1234568)', 'a1234567'], ['"a" + to_unix_time("1577836800")', 'a1577836800'], ['replace("abc", "", "x")', 'xaxbxcx'], ['to_title("hello wORLD")', 'Hello World'], ['ip_format("10.0.0.1", 3)', '012.0.0.01'], ['hex_encode(aes_cbc("hello", "0123456789abcdef", "0123456789abcdef"))', '30e7cbb71cd9d18812e3ee5c3f294563'], ['url_decode("a%20b+c")', 'a b+c'],
    ['html_escape("<a>")', '&lt;a&gt;'], ['html_unescape("&lt;a&gt;&#34;")', '<a>"'], ['json_minify("{ \\"a\\" : 1 }")', '{"a":1}'],
    ['regex("W\\\\w+d", body)', true], ['to_number("12") + 1', 13], ['hex_to_dec("ff")', 255], ['oct_to_dec("17")', 15], ['bin_to_dec("101")', 5],
    ['dec_to_hex(255)', 'ff'], ['split("a,b,c", ",")', ['a', 'b', 'c']], ['join("-", "a", "b")', 'a-b'], ['index("abc", 1)', 'b'],
    ['sort("cab")', 'abc'], ['uniq("aabb")', 'ab'], ['unpack(">I", hex_decode("00000102"))', 258], ['ip_format("127.0.0.1", 5)', '2130706433'],
    ['compare_versions(version, ">= 1.4", "< 2.0")', true], ['compare_versions("2.0-rc1", "< 3")', false], ['compare_versions("1.2", "~> 1.0")', true],
    ['to_string(1.5)', '1.5'], ['zlib_decode(zlib("abc"))', 'abc'], ['gzip_decode(gzip("abc"))', 'abc'], ['len(rand_base(9))', 9],
    ['regex("^[0-9]{4}$", rand_text_numeric(4))', true], ['rand_int(5, 6)', 5], ['date_time("2006-01-02", 0) != ""', true], ['to_unix_time("1970-01-02")', 86400],
  ]; // prettier-ignore
  for (const [source, expected] of cases) test(source, () => assert.deepEqual(evaluate(source), expected));

  test('every function answers to its name without underscores', () => {
    for (const name of functionNames()) {
      const compile = (spelled: string): boolean => compileExpression(`${spelled}(1)`).functions.has(name);
      assert.ok(compile(name) && compile(name.replaceAll('_', '')), name);
    }
  });

  test('an expression cannot allocate without end', () => {
    assert.throws(() => evaluate('repeat("a", 1000000000)'), DslError);
    assert.throws(
      () => evaluate(`repeat(${'concat(repeat("a", 9000000), '.repeat(9)}"b"${')'.repeat(9)}, 1)`),
      DslError,
    );
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('hex');
    assert.throws(() => evaluate(`gzip_decode(hex_decode("${bomb}"))`), DslError);
    assert.throws(() => evaluate('padding("a", "b", 999999999, "prefix")'), DslError);
    assert.throws(() => evaluate('rand_base(999999999)'), DslError);
  });
});

describe('placeholders', () => {
  test('literals stay literal, unknown names stay, functions and known names are replaced', () => {
    assert.equal(
      render('{{7*7}} {{"a"+"b"}} {{unknown}} {{md5("a")}} {{num}} §num§'),
      '{{7*7}} {{"a"+"b"}} {{unknown}} 0cc175b9c0f1b6a831c399e269772661 5 5',
    );
  });
  test('a }} inside a string does not end the placeholder, and names inside strings are replaced', () => {
    assert.equal(render('{{url_encode("}}")}}'), '%7D%7D');
    assert.equal(
      render('{{base64("{{num}}:{{Hostname}}")}}'),
      Buffer.from('5:a.example:8443').toString('base64'),
    );
    assert.equal(render('{"a":{{{num}}}}'), '{"a":{5}}');
  });
  test('a value is data: its own placeholders are not read', () => {
    assert.equal(
      compileText('{{x}}').render({ get: name => (name === 'x' ? '{{md5("a")}}' : undefined) }),
      '{{md5("a")}}',
    );
  });
});

test('any text compiles or is refused with a DslError', () => {
  const piece = fc.constantFrom(
    'a',
    '1',
    '"x"',
    "'y'",
    '(',
    ')',
    ',',
    '+',
    '-',
    '*',
    '**',
    '==',
    '&&',
    '||',
    '!',
    '~',
    '?',
    ':',
    '??',
    'in',
    'md5(',
    'body',
    ' ',
    '{{num}}',
    '[',
    ']',
    '\\',
    '"',
    '.',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), pieces => {
      try {
        evaluate(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof DslError, String(error));
      }
      render(`{{${pieces.join('')}}}`);
    }),
    { numRuns: 5000 },
  );
});

test('a pattern that an expression puts together wrongly is an error of the expression', () => {
  for (const call of ['regex("(" + body, body)', 'replace_regex(body, "[", "x")', 'body =~ "a{2"+"("'])
    assert.throws(() => compileExpression(call).evaluate({ get: () => 'a page' }), DslError, call);
});
