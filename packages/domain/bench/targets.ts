/** Measures an import of 100,000 targets and the lists over them. Prints JSON: ms of the import, p50 in ms of each page. */
import { targetQuery } from '@glacis/contract';
import { createTestDatabase } from '@glacis/db/testing';
import { listOrganisations } from '../src/organisations/service.ts';
import { readImportFile } from '../src/targets/import-file.ts';
import { importTargets } from '../src/targets/import.ts';
import { listTargets } from '../src/targets/view.ts';

const SIZE = 100_000;
const ROUNDS = 9;

const db = await createTestDatabase();
const { id: tenant } = await db.createTenant();
async function* file(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('domain,organisation,group\n');
  for (let start = 0; start < SIZE; start += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => start + index);
    yield Buffer.from(lines.map(n => `host-${n}.corp.test,Org ${n % 50},Group ${n % 200}\n`).join(''));
  }
}

const startedAt = performance.now();
const read = await readImportFile(file());
const readMs = Math.round(performance.now() - startedAt);
await db.database.inTenant(tenant, tx => importTargets(tx, read, { mode: 'all', userId: null }));
const importMs = Math.round(performance.now() - startedAt);
await db.database.query('vacuum analyze');
const [organisation] = await db.database.inTenant(tenant, listOrganisations);

const pages: Readonly<Record<string, object>> = {
  first: {},
  deep: { page: 1900 },
  newest: { sort: 'createdAt', order: 'desc' },
  search: { q: 'host-7777' },
  unproven: { state: 'unproven' },
  organisation: { organisationId: organisation?.id },
  group: { groupId: organisation?.groups[0]?.id },
};
const ms: Record<string, number> = {};
for (const [name, query] of Object.entries(pages)) {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = performance.now();
    await db.database.inTenant(tenant, tx => listTargets(tx, targetQuery.parse(query)));
    times.push(performance.now() - at);
  }
  times.sort((a, b) => a - b);
  ms[name] = Math.round((times[Math.floor(ROUNDS / 2)] ?? 0) * 10) / 10;
}
process.stdout.write(`${JSON.stringify({ targets: SIZE, readMs, importMs, ms }, null, 2)}\n`);
await db.close();
