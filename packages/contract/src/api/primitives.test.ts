import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { listOf } from './primitives.ts';

const list = listOf(z.enum(['open', 'false_positive', 'fixed']));

test('a list comes once, several times, comma-separated or not at all', () => {
  assert.deepEqual(list.parse('open'), ['open']);
  assert.deepEqual(list.parse(['open', 'fixed']), ['open', 'fixed']);
  assert.deepEqual(list.parse('open,,false_positive,'), ['open', 'false_positive']);
  assert.deepEqual(list.parse(''), []);
  assert.equal(list.parse(undefined), undefined);
});

test('what is no value is refused with those that there are', () => {
  for (const wrong of ['opened', 'open fixed', 'open;fixed', ['open', ''], ['nothing']])
    assert.match(list.safeParse(wrong).error?.issues[0]?.message ?? '', /open, false_positive, fixed/);
});

test('the schema of the document says which values there are', () => {
  const schema = JSON.stringify(z.toJSONSchema(list, { io: 'input' }));
  assert.match(schema, /"enum":\["open","false_positive","fixed"\]/);
  assert.match(schema, /"pattern":"\^\(\?:open\|false_positive\|fixed\)/);
});
