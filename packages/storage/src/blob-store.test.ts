import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newId, newSecretKey, tenantId } from '@glacis/foundation';
import { fileBlobStore } from './blob-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-blobs-'));
after(() => rmSync(folder, { recursive: true }));
const store = fileBlobStore(folder);
const [tenant, other] = [tenantId(newId()), tenantId(newId())];
const key = newSecretKey();

test('bytes come back, and are sealed on disk', async () => {
  const bytes = Buffer.from('the report of a customer');
  const storageKey = await store.put(tenant, key, bytes);
  assert.deepEqual(await store.get(tenant, key, storageKey), bytes);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  assert.equal(files.length, 1);
  for (const file of files) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes('customer'));
});

test('another key, another tenant and a made-up key do not open it', async () => {
  const storageKey = await store.put(tenant, key, Buffer.from('x'));
  await assert.rejects(store.get(tenant, newSecretKey(), storageKey), /does not belong here/);
  await assert.rejects(store.get(other, key, storageKey), /missing/);
  await assert.rejects(store.get(tenant, key, '../../etc/passwd'), /unknown form/);
  await store.delete(tenant, storageKey);
  await assert.rejects(store.get(tenant, key, storageKey), /missing/);
});
