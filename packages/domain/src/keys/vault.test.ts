import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decrypt, encrypt, keyId, newSecretKey } from '@glacis/foundation';
import { readMasterKey } from './master-ring.ts';
import { openVault, readVaultMasterKey, type VaultAccess } from './vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-vault-'));
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
const calls: string[] = [];
let refusal: { status: number; message: string } | undefined;

/** The part of the Key Vault REST protocol that wraps and unwraps. */
const service = createServer((request, response) => {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 401
        ? {
            'www-authenticate':
              'Bearer authorization="https://login.test/tenant", resource="https://vault.azure.net"',
          }
        : {}),
    });
    response.end(JSON.stringify(body));
  };
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.headers.authorization !== 'Bearer vault-token')
      return answer(401, { error: { code: 'Unauthorized', message: 'no token' } });
    const kid = `http://${request.headers.host ?? ''}/keys/glacis/1`;
    const [, path = ''] = /^([^?]*)/.exec(request.url ?? '') ?? [];
    calls.push(`${request.method ?? ''} ${path}`);
    if (refusal) return answer(refusal.status, { error: { code: 'Forbidden', message: refusal.message } });
    if (request.method === 'GET' && path === '/keys/glacis/1') {
      return answer(200, {
        key: {
          kid,
          ...pair.publicKey.export({ format: 'jwk' }),
          kty: 'RSA',
          key_ops: ['wrapKey', 'unwrapKey'],
        },
        attributes: { enabled: true },
      });
    }
    if (!path.startsWith('/keys/glacis/1'))
      return answer(404, { error: { code: 'KeyNotFound', message: 'There is no such key.' } });
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString('utf8')) : {};
    if (body.alg !== 'RSA-OAEP-256') return answer(400, { error: { code: 'BadParameter', message: 'alg' } });
    const value = Buffer.from(String(body.value), 'base64url');
    if (path === '/keys/glacis/1/wrapkey') {
      return answer(200, {
        kid,
        value: publicEncrypt({ key: pair.publicKey, ...padding }, value).toString('base64url'),
      });
    }
    if (path === '/keys/glacis/1/unwrapkey') {
      return answer(200, {
        kid,
        value: privateDecrypt({ key: pair.privateKey, ...padding }, value).toString('base64url'),
      });
    }
    return answer(404, { error: { code: 'KeyNotFound', message: 'There is no such key.' } });
  });
});
service.listen(0, '127.0.0.1');
await once(service, 'listening');
const bound = service.address();
assert.ok(typeof bound === 'object' && bound !== null);
const host = `http://127.0.0.1:${bound.port}`;
const vaultKey = `${host}/keys/glacis/1`;
after(() => {
  service.close();
  service.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const access: VaultAccess = {
  credential: {
    getToken: async () => ({ token: 'vault-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
  },
  client: { disableChallengeResourceVerification: true, allowInsecureConnection: true },
};
const file = join(folder, 'master.key');
const read = async (next?: string) =>
  readVaultMasterKey({ vaultKey, vault: await openVault(vaultKey, 'RSA-OAEP-256', access), file, next });

test('the vault wraps the master key, an open one is taken over, and one question opens it again', async () => {
  const open = readMasterKey({ value: undefined, file }).current;
  const first = await read();
  assert.deepEqual(first.current, open);
  assert.deepEqual(readdirSync(folder), ['master.key.wrapped']);
  const stored = readFileSync(`${file}.wrapped`);
  assert.ok(!stored.includes(open) && !stored.includes(open.toString('base64')));
  calls.length = 0;
  assert.deepEqual((await read()).current, open);
  assert.equal(calls.filter(call => call.endsWith('/unwrapkey')).length, 1);
});

test('a new master key takes the place of the wrapped one when its rotation ends', async () => {
  const next = newSecretKey();
  const ring = await read(next.toString('base64'));
  ring.prepare();
  const old = ring.first;
  assert.ok(old);
  assert.equal(decrypt(ring, encrypt(old, Buffer.from('x'), ['a']), ['a']).toString(), 'x');
  assert.equal(keyId(ring), keyId(next));
  assert.deepEqual((await read()).current, old, 'until then a start finds the old one');
  ring.finish();
  assert.deepEqual((await read()).current, next);
});

test('what the vault refuses is said in one sentence', async () => {
  refusal = { status: 403, message: 'The user does not have keys unwrapKey permission.' };
  await assert.rejects(read(), {
    code: 'config.invalid',
    message: /refuses the use of .*Allow this identity/,
  });
  refusal = { status: 403, message: 'Operation unwrapKey is not allowed on a disabled key.' };
  await assert.rejects(read(), /is disabled in the key vault\. Enable it/);
  refusal = undefined;
  const nowhere = await openVault('http://127.0.0.1:9/keys/glacis/1', 'RSA-OAEP-256', access);
  await assert.rejects(nowhere.unwrap(Buffer.alloc(256)), /cannot be reached\. Check the network/);
  const missing = await openVault(`${host}/keys/other/1`, 'RSA-OAEP-256', access);
  await assert.rejects(missing.unwrap(Buffer.alloc(256)), /has no key/);
  assert.ok(existsSync(`${file}.wrapped`));
});
