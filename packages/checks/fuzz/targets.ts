import assert from 'node:assert/strict';
import { compileExpression, compileText } from '../src/dsl/compile.ts';
import { DslError, Suspension } from '../src/dsl/values.ts';
import { decodeBody } from '../src/http/decode-body.ts';
import { ProtocolError, ResponseParser, headerValue } from '../src/http/response-parser.ts';
import { TemplateError, loadTemplateSource } from '../src/index.ts';

/** Code that takes hostile bytes, and what it may throw: everything else is a finding. */
export interface FuzzTarget {
  readonly name: string;
  /** Runs the code once. @throws for a finding. */
  readonly run: (input: Buffer) => void | Promise<void>;
  /** Words of its language, as byte strings. */
  readonly words: readonly string[];
}

const LIMITS = { maxHead: 16_384, maxBody: 65_536 };

function isRefusal(error: unknown): boolean {
  return error instanceof TemplateError || error instanceof DslError || error instanceof Suspension;
}

function loadTemplate(input: Buffer): void {
  try {
    loadTemplateSource(input.toString('utf8'), 'fuzz.yaml');
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

const values = new Map<string, string | number | boolean | readonly string[]>([
  ['body', 'a page <title>x</title> 1.2.3'],
  ['status_code', 200],
  ['list', ['a', 'b']],
  ['yes', true],
]);

function evaluate(input: Buffer): void {
  const source = input.toString('latin1');
  const scope = {
    get: (name: string) => values.get(name),
    limits: { maxString: 100_000, maxTotal: 1_000_000 },
  };
  for (const work of [
    () => compileExpression(source).evaluate({ ...scope }),
    () => compileText(`{{${source}}} ${source}`).render({ ...scope }),
  ]) {
    try {
      work();
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

/** What a parser makes of the bytes when they come in pieces of the given size. */
function parsed(input: Buffer, size: number) {
  const parser = new ResponseParser(false, LIMITS);
  try {
    for (let at = 0; at < input.length && !parser.isDone; at += size)
      parser.push(input.subarray(at, at + size));
    if (!parser.isDone) parser.end();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { error: error.message };
  }
  return { head: parser.head, body: parser.body(), isTruncated: parser.isTruncated };
}

/** The first byte says in what pieces the rest comes; the pieces must not change what is read. */
async function readResponse(input: Buffer): Promise<void> {
  const bytes = input.subarray(1);
  const whole = parsed(bytes, Math.max(bytes.length, 1));
  const pieces = parsed(bytes, 1 + ((input[0] ?? 0) % 16));
  if ('error' in whole || 'error' in pieces) {
    assert.equal('error' in whole, 'error' in pieces, 'refused or not, depending on how it came');
    return;
  }
  assert.deepEqual(pieces, whole);
  const encoding = headerValue(whole.head?.headers ?? [], 'content-encoding') ?? '';
  const decoded = await decodeBody(whole.body, encoding, LIMITS.maxBody);
  assert.ok(decoded.body.length <= Math.max(LIMITS.maxBody, whole.body.length), 'decoded beyond the limit');
}

/** All targets. */
export const targets: readonly FuzzTarget[] = [
  {
    name: 'yaml',
    run: loadTemplate,
    words:
      'id: |info:|http:|matchers:|\n  |\n    - |&a |*a|<<: |!!binary |? |: |- |{|}|[|]|"|\'|>-\n|%YAML 1.1\n|---\n|...\n|# |null|~|0x1F|1e9|.inf|2001-01-01|payloads:|attack: clusterbomb|raw:|dsl:|flow: |variables:|{{|}}|tcp:|dns:|ssl:|regex:|extractors:|part: body|workflows:'.split(
        '|',
      ),
  },
  {
    name: 'dsl',
    run: evaluate,
    words:
      'contains( || && == != =~ !~ in ( ) , + - * ** / % << >> & ^ ! ~ ? : " \' \\ {{ }} § body status_code list yes len( regex( replace( base64( md5( rand_int( repeat( to_number( substr( join( split( compare_versions( date_time( json_minify( hex_decode( gzip( zip( xor( jwt 0x10 1e308 true false nil 2020-01-01'.split(
        ' ',
      ),
  },
  {
    name: 'http',
    run: readResponse,
    words:
      'HTTP/1.1 200 OK\r\n|HTTP/1.0 100 Continue\r\n\r\n|\r\n|\n|: |Transfer-Encoding: chunked\r\n|Content-Length: 5\r\n|Content-Length: 0\r\n|Content-Encoding: gzip\r\n|Content-Encoding: deflate, br\r\n|Connection: close\r\n|0\r\n\r\n|5\r\nhello\r\n|ffffffffff\r\n|5;ext=1\r\n|\x1f\x8b\x08\x00\x00\x00\x00\x00| 204 No Content| 304 |Trailer: x\r\n'.split(
        '|',
      ),
  },
];
