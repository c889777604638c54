import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ProtocolError, ResponseParser } from './response-parser.ts';

const LIMITS = { maxHead: 4096, maxBody: 4096 };

function parse(bytes: Buffer, cuts: readonly number[]): ResponseParser {
  const parser = new ResponseParser(false, LIMITS);
  let from = 0;
  for (const cut of [...cuts.map(n => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > from && !parser.isDone) parser.push(bytes.subarray(from, cut));
    from = Math.max(from, cut);
  }
  if (!parser.isDone) parser.end();
  return parser;
}

test('an answer is the same however it is cut into packets', () => {
  const whole = Buffer.from(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\n\r\n',
  );
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 30 }), cuts => {
      const parser = parse(whole, cuts);
      assert.deepEqual(
        [parser.head?.status, parser.body().toString(), parser.isReusable, parser.isTruncated],
        [200, 'hello world', true, false],
      );
    }),
  );
});

test('any bytes give an answer within the limits or a ProtocolError', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1',
      ' 200 ',
      '\r\n',
      '\n',
      '\r',
      ': ',
      'Content-Length: 5',
      'Content-Length: -1',
      'Transfer-Encoding: chunked',
      'ffffffffffff\r\n',
      '5\r\n',
      '0\r\n\r\n',
      ' folded',
      '\0',
    ),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.array(fc.nat(500), { maxLength: 6 }),
      (pieces, cuts) => {
        try {
          const parser = parse(Buffer.from(pieces.join('')), cuts);
          assert.ok(parser.body().length <= LIMITS.maxBody);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('empty lines before the head may come byte by byte', () => {
  const bytes = Buffer.from(
    '\r\n\nHTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  );
  const parser = parse(bytes, [...bytes.keys()]);
  assert.deepEqual([parser.head?.status, parser.body().toString()], [200, 'ok']);
});

test('a body that comes in one piece with its head is whole, however large the piece', () => {
  const body = 'b'.repeat(3000);
  const parser = new ResponseParser(false, { maxHead: 100, maxBody: 4096 });
  parser.push(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  assert.ok(parser.isDone);
  assert.equal(parser.body().toString(), body);
});
