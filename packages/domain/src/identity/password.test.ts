import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, isPassword } from './password.ts';

type DeriveKey = NonNullable<Parameters<typeof isPassword>[2]>;

test('a password fits its own hash and no other, in whatever form its letters are composed', async () => {
  const hash = await hashPassword('pässword with an umlaut');
  assert.ok(await isPassword('pa\u0308ssword with an umlaut', hash));
  assert.ok(!(await isPassword('password with an umlaut', hash)));
  assert.notEqual(await hashPassword('pässword with an umlaut'), hash);
  for (const broken of ['', 'plain', '$argon2id$v=19$m=8,t=1,p=1$$', '$2b$12$abcdefghijklmnopqrstuv'])
    assert.ok(!(await isPassword('', broken)), broken);
});

test('a missing account costs the same derivation as a wrong password', async () => {
  const seen: unknown[] = [];
  const deriveKey: DeriveKey = async (algorithm, { memory, passes, parallelism, tagLength, nonce }) => {
    seen.push({ algorithm, memory, passes, parallelism, tagLength, nonceBytes: Buffer.byteLength(nonce) });
    return Buffer.alloc(32);
  };
  const hash = await hashPassword('correct horse battery');
  assert.ok(!(await isPassword('wrong', hash, deriveKey)));
  assert.ok(!(await isPassword('wrong', undefined, deriveKey)));
  assert.equal(seen.length, 2);
  assert.deepEqual(seen[0], seen[1]);
});
