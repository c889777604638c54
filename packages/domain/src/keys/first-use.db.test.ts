import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { keyId, newSecretKey, secretKey, silentLogger } from '@glacis/foundation';
import { createTenant } from '../tenancy/service.ts';
import { refuseForeignKey, whileAlone } from './first-use.ts';
import { readMasterKey } from './master-ring.ts';
import { readVaultMasterKey, type Vault } from './vault.ts';

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'glacis-first-use-'));
before(async () => {
  db = await createTestDatabase();
});
after(async () => {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Wraps slowly, as one that is asked over a network. */
const vault: Vault = {
  wrap: async key => {
    await sleep(20);
    return Buffer.from(key);
  },
  unwrap: async wrapped => secretKey(Buffer.from(wrapped)),
};

test('of several processes that start for the first time with a vault, all have the same key', async () => {
  const file = join(folder, 'master.key');
  const rings = await Promise.all(
    Array.from({ length: 4 }, () =>
      whileAlone(db.database, () =>
        readVaultMasterKey({ vaultKey: 'https://vault.test/keys/a/1', vault, file }),
      ),
    ),
  );
  assert.equal(new Set(rings.map(keyId)).size, 1);
});

test('a master key that was changed without its forerunner is refused with what to do', async () => {
  const log = silentLogger;
  const [former, newer] = [newSecretKey(), newSecretKey()];
  const given = (value: Buffer, next?: Buffer) =>
    readMasterKey({ value: value.toString('base64'), next: next?.toString('base64'), file: '' });
  await refuseForeignKey(db.database, given(former), { log, isGiven: true });
  await createTenant(db.database, former, { slug: 'sealed', name: 'Sealed' });
  await refuseForeignKey(db.database, given(former), { log, isGiven: true });
  await refuseForeignKey(db.database, given(former, newer), { log, isGiven: true });
  await assert.rejects(
    refuseForeignKey(db.database, given(newer), { log, isGiven: true }),
    /GLACIS_MASTER_KEY is not the key.*GLACIS_MASTER_KEY_NEXT.*keys rotate --master/,
  );
  await createTenant(db.database, newer, { slug: 'newer', name: 'Newer' });
  await refuseForeignKey(db.database, given(newer), { log, isGiven: true });
});
