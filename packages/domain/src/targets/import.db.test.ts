import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { targetQuery, type ImportReport } from '@glacis/contract';
import { createDomainWorld, type DomainWorld } from '../../test/world.ts';
import { listOrganisations } from '../organisations/service.ts';
import { readImportFile } from './import-file.ts';
import { importTargets } from './import.ts';
import { createTarget } from './service.ts';
import { verifyTarget } from './verify.ts';
import { listTargets } from './view.ts';

type Tenant = Awaited<ReturnType<DomainWorld['tenant']>>;
let world: DomainWorld;
before(async () => {
  world = await createDomainWorld();
});
after(() => world.close());

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
async function run(of: Tenant, text: string, mode: 'preview' | 'all' | 'valid'): Promise<ImportReport> {
  const file = await readImportFile(bytesOf(text));
  return of.within(tx => importTargets(tx, file, { mode, userId: null }));
}
const count = async (of: Tenant): Promise<number> => (await of.within(tx => listTargets(tx))).total;

test('a preview says everything and changes nothing', async () => {
  const tenant = await world.tenant();
  await tenant.within(tx => createTarget(tx, 'known.test', null));
  const report = await run(tenant, 'known.test\nnew.test,Org,Group,n\nnew.test\nco.uk\n', 'preview');
  assert.deepEqual(
    { ...report, errors: report.errors.map(error => error.line) },
    {
      isStored: false,
      lines: 4,
      added: 1,
      sample: [{ line: 2, domain: 'new.test', organisation: 'Org', group: 'Group', note: 'n' }],
      known: 1,
      repeated: 1,
      wrong: 1,
      errors: [4],
      newOrganisations: ['Org'],
      newGroups: ['Org / Group'],
    },
  );
  assert.equal(await count(tenant), 1);
  assert.deepEqual(await tenant.within(listOrganisations), []);
});

test('all or nothing, or what is valid', async () => {
  const tenant = await world.tenant();
  const text = 'a.test,Org,One\nb.test,ORG,one\nc.test,Org,Two,"a\nnote"\nco.uk\n';
  assert.equal((await run(tenant, text, 'all')).isStored, false);
  assert.equal(await count(tenant), 0);
  const stored = await run(tenant, text, 'valid');
  assert.deepEqual([stored.isStored, stored.added], [true, 3]);
  const [organisation] = await tenant.within(listOrganisations);
  assert.deepEqual(
    [organisation?.targetCount, organisation?.groups.map(group => [group.name, group.targetCount])],
    [
      3,
      [
        ['One', 2],
        ['Two', 1],
      ],
    ],
  );
  const { items } = await tenant.within(tx => listTargets(tx, targetQuery.parse({ q: 'c.test' })));
  assert.equal(items[0]?.note, 'a\nnote');
  assert.equal((await run(tenant, text, 'valid')).added, 0);
});

test('the same file twice at once adds each domain once', async () => {
  const tenant = await world.tenant();
  const lines = Array.from({ length: 3000 }, (_, index) => `d${index}.test,Org ${index % 7}`);
  const reports = await Promise.all([
    run(tenant, lines.join('\n'), 'all'),
    run(tenant, lines.toReversed().join('\n'), 'all'),
    ...lines.slice(0, 20).map(line =>
      tenant
        .within(tx => createTarget(tx, line.split(',')[0] ?? '', null))
        .then(
          () => ({ added: 1 }),
          () => ({ added: 0 }),
        ),
    ),
  ]);
  assert.equal(
    reports.reduce((sum, report) => sum + report.added, 0),
    3000,
  );
  assert.equal(await count(tenant), 3000);
});

test('what lies below a proven domain is proven by it', async () => {
  const tenant = await world.tenant();
  const parent = await tenant.within(tx => createTarget(tx, 'parent.test', null));
  world.zone.set(parent.proof.record.name, { txt: [parent.proof.record.value] });
  await verifyTarget(world.platform, tenant.within, parent.id);
  await run(tenant, 'a.parent.test\nother.test\n', 'all');
  const { items } = await tenant.within(tx => listTargets(tx, targetQuery.parse({ state: 'proven' })));
  assert.deepEqual(
    items.map(target => target.domain),
    ['a.parent.test', 'parent.test'],
  );
});
