import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decrypt, encrypt, isSameSecret, newSecretKey, secretKey, sha256 } from './crypto.ts';

const key = newSecretKey();
const context = ['tenant', 'a', 'finding', 'evidence', '1'];
const text = Buffer.from('the evidence');

test('what was encrypted opens with the same key and context, and never looks the same', () => {
  const sealed = encrypt(key, text, context);
  assert.deepEqual(decrypt(key, sealed, context), text);
  assert.deepEqual(decrypt(key, encrypt(key, Buffer.alloc(0), context), context), Buffer.alloc(0));
  assert.ok(!sealed.includes(text));
  assert.notDeepEqual(encrypt(key, text, context), sealed);
});

test('a ciphertext moved to another tenant, table, column or row does not open', () => {
  const sealed = encrypt(key, text, context);
  for (let part = 0; part < context.length; part += 1)
    assert.throws(() => decrypt(key, sealed, context.with(part, 'other')), /does not belong here/);
  assert.throws(() => decrypt(key, sealed, context.slice(0, -1)), /does not belong here/);
  // The parts are told apart, whatever they hold.
  const joined = encrypt(key, text, ['a', 'b,c']);
  assert.throws(() => decrypt(key, joined, ['a,b', 'c']), /does not belong here/);
  assert.throws(() => decrypt(key, joined, ['a","b', 'c']), /does not belong here/);
});

test('another key and any changed byte do not open', () => {
  const sealed = encrypt(key, text, context);
  assert.throws(() => decrypt(newSecretKey(), sealed, context), /does not belong here/);
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(() => decrypt(key, changed, context), /does not belong here|unknown form/);
  }
  for (let length = 0; length < sealed.length; length += 1)
    assert.throws(() => decrypt(key, sealed.subarray(0, length), context), /does not belong|unknown form/);
});

test('a view into a larger buffer opens', () => {
  const sealed = encrypt(key, text, context);
  const larger = new Uint8Array(sealed.length + 20);
  larger.set(sealed, 7);
  assert.deepEqual(decrypt(key, larger.subarray(7, 7 + sealed.length), context), text);
});

test('only 32 bytes are a key', () => {
  assert.throws(() => secretKey(Buffer.alloc(31)), /32 bytes/);
  assert.equal(secretKey(Buffer.alloc(32)).length, 32);
});

test('secrets compare by content, and the hash is SHA-256', () => {
  assert.ok(isSameSecret('a', 'a'));
  assert.ok(!isSameSecret('a', 'ab'));
  assert.equal(sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
