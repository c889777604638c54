import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig, readNetworkProfiles } from './config.ts';
import { UserError } from './errors.ts';
import { newId, newSecret } from './ids.ts';
import { networkProfile, profileFor, publicProfile } from './network-profile.ts';
import { tenantId } from './tenant-id.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-config-'));
after(() => rmSync(folder, { recursive: true }));

test('without settings the defaults apply', () => {
  const config = readConfig({});
  assert.equal(config.port, 7800);
  assert.equal(config.databaseUrl, undefined);
  assert.equal(config.isDataFolderGiven, false);
  assert.ok(config.masterKeyFile.startsWith(config.dataFolder));
});

test('each bad setting is named in a sentence', () => {
  const bad = {
    DATABASE_URL: ['mysql://a/b', 'localhost', ''],
    GLACIS_PORT: ['0', '70000', 'http', '80.5', ''],
    GLACIS_DATA: [''],
    GLACIS_LOG_LEVEL: ['loud'],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.throws(
        () => readConfig({ [name]: value }),
        (error: unknown) =>
          error instanceof UserError && error.code === 'config.invalid' && error.message.includes(name),
        `${name}=${value}`,
      );
    }
  }
});

test('network profiles are read, and a bad file is named with what is wrong', () => {
  const file = join(folder, 'profiles.json');
  assert.deepEqual(readNetworkProfiles(join(folder, 'missing.json')), []);
  writeFileSync(file, '[{"zones":["corp.test"],"resolvers":["127.0.0.1:5353"]}]');
  assert.equal(readNetworkProfiles(file)[0]?.ctSearchUrl, undefined);
  for (const text of ['', '{', '{}', '[{"zones":[]}]', '[{"zones":["a"],"ratePerAddress":-1}]']) {
    writeFileSync(file, text);
    assert.throws(
      () => readNetworkProfiles(file),
      (error: unknown) => error instanceof UserError && error.message.includes(file),
      text,
    );
  }
});

test('a domain gets the first profile that covers it, and never that of a name that only looks alike', () => {
  const inner = networkProfile.parse({ zones: ['dev.corp.test'] });
  const outer = networkProfile.parse({ zones: ['corp.test'] });
  const profiles = [inner, outer];
  assert.equal(profileFor(profiles, 'a.dev.corp.test'), inner);
  assert.equal(profileFor(profiles, 'DEV.Corp.Test'), inner);
  assert.equal(profileFor(profiles, 'corp.test'), outer);
  assert.equal(profileFor(profiles, 'notcorp.test'), publicProfile);
  assert.equal(profileFor(profiles, 'corp.test.evil.org'), publicProfile);
});

test('ids are UUIDs of version 7 in the order of time; secrets do not repeat', () => {
  const [earlier, later] = [newId(1_700_000_000_000), newId(1_700_000_000_001)];
  assert.match(earlier, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(earlier < later);
  assert.equal(new Set(Array.from({ length: 1000 }, () => newSecret())).size, 1000);
  assert.match(newSecret(), /^[\w-]{43}$/);
});

test('only an id of version 7 is a tenant id', () => {
  assert.equal(tenantId(newId()).length, 36);
  for (const text of ['', 'x', '00000000-0000-4000-8000-000000000000', `${newId()}"; drop schema x`])
    assert.throws(() => tenantId(text), /not a UUID/);
});
