import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig, readNetworkProfiles, withDataFolder } from './config.ts';
import { UserError } from './errors.ts';

test('without settings everything lies in the default data folder', () => {
  const config = readConfig({}, '/srv/data');
  assert.equal(config.dataFolder, '/srv/data');
  assert.equal(config.networkProfilesFile, '/srv/data/network-profiles.json');
  assert.equal(config.port, 7800);
  assert.equal(config.isDataFolderGiven, false);
});

test('another data folder takes its files along, but not one that was named', () => {
  const plain = withDataFolder(readConfig({ GLACIS_DATA: '/srv/a' }), '/srv/b');
  assert.equal(plain.masterKeyFile, '/srv/b/master.key');
  assert.equal(plain.networkProfilesFile, '/srv/b/network-profiles.json');
  const named = withDataFolder(readConfig({ GLACIS_NETWORK_PROFILES: '/etc/networks.json' }), '/srv/b');
  assert.equal(named.blobFolder, '/srv/b/blobs');
  assert.equal(named.networkProfilesFile, '/etc/networks.json');
});

test('a setting that is not valid is named', () => {
  for (const [name, value] of [
    ['GLACIS_PORT', '70000'],
    ['GLACIS_LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
  ] as const) {
    assert.throws(
      () => readConfig({ [name]: value }),
      (error: unknown) => error instanceof UserError && error.message.includes(name),
    );
  }
});

test('network profiles are checked; a missing file means none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'glacis-config-'));
  try {
    assert.deepEqual(readNetworkProfiles(join(folder, 'none.json')), []);
    const file = join(folder, 'profiles.json');
    writeFileSync(file, '[{ "zones": ["lab.internal"], "resolvers": ["10.20.0.53"] }]');
    assert.equal(readNetworkProfiles(file)[0]?.ratePerAddress, 50);
    writeFileSync(file, '[{ "zones": [] }]');
    assert.throws(() => readNetworkProfiles(file), UserError);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
