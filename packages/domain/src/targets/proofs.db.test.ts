import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { claimQuery, type TargetView } from '@glacis/contract';
import { sql, type TenantTransaction } from '@glacis/db';
import { createDomainWorld, type DomainWorld } from '../../test/world.ts';
import { readScanView } from '../scans/repository.ts';
import { launchScan } from '../scans/service.ts';
import { listClaims } from './claims.ts';
import { confirmProofMail, sendProofMail } from './mail-proof.ts';
import { revokeProof } from './proof-state.ts';
import { recheckProofs } from './recheck.ts';
import { createTarget, deleteTarget } from './service.ts';
import { verifyTarget } from './verify.ts';
import { readTarget } from './view.ts';

type Tenant = Awaited<ReturnType<DomainWorld['tenant']>>;
let world: DomainWorld;
let tenant: Tenant;
let counter = 0;
before(async () => {
  world = await createDomainWorld();
  tenant = await world.tenant();
});
after(() => world.close());

function add(domain = `corp-${(counter += 1)}.test`, of = tenant): Promise<TargetView> {
  return of.within(tx => createTarget(tx, domain, null));
}
/** Publishes the records of targets of one domain. */
function publish(...targets: readonly TargetView[]): void {
  const name = targets[0]?.proof.record.name ?? '';
  world.zone.set(name, { txt: targets.map(target => target.proof.record.value) });
}
const unpublish = (of: TargetView): void => void world.zone.delete(of.proof.record.name);
const verify = (of: TargetView, by = tenant): Promise<TargetView> =>
  verifyTarget(world.platform, by.within, of.id);
const read = (of: TargetView, by = tenant): Promise<TargetView> => by.within(tx => readTarget(tx, of.id));

async function proven(domain?: string, of = tenant): Promise<TargetView> {
  const target = await add(domain, of);
  publish(target);
  const answer = await verify(target, of);
  assert.equal(answer.proof.state, 'proven');
  return answer;
}
/** Moves a moment of the target's proof into the past. */
const age = (
  of: TargetView,
  column: 'proof_missing_since' | 'proof_expires_at',
  days: number,
): Promise<unknown> =>
  tenant.within(tx =>
    sql`update target set ${sql.ref(column)} = now() - make_interval(days => ${days}) where id = ${of.id}`.execute(
      tx.sql,
    ),
  );
async function makeDue(of: TargetView): Promise<void> {
  await world.db.database.query('update control.domain_claim set check_due_at = now() where target_id = $1', [
    of.id,
  ]);
}
const scanOf = (...targets: readonly [TargetView, ...TargetView[]]) =>
  launchScan(world.platform, tenant.id, {
    targetIds: targets.map(target => target.id) as [string, ...string[]],
    engine: {},
    userId: null,
  });
const scanNow = (id: string) => tenant.within(tx => readScanView(tx, id));

test('a proof that is gone is warned of, still counts for some days, and then expires', async () => {
  const target = await proven();
  unpublish(target);
  await makeDue(target);
  assert.ok((await recheckProofs(world.platform)) >= 1);
  const warned = (await read(target)).proof;
  assert.equal(warned.state, 'proven');
  assert.ok(warned.missingSince && warned.graceEndsAt);
  await age(target, 'proof_missing_since', 4);
  await makeDue(target);
  await recheckProofs(world.platform);
  const gone = (await read(target)).proof;
  assert.equal(gone.state, 'expired');
  assert.match(gone.detail, /gone for more than 3 days/);
});

test('a proof that is back in time is whole again', async () => {
  const target = await proven();
  unpublish(target);
  assert.ok((await verify(target)).proof.missingSince);
  publish(target);
  const { proof } = await verify(target);
  assert.equal(proof.missingSince, null);
  assert.equal(proof.state, 'proven');
});

test('a look-up that fails is no missing record', async () => {
  const target = await proven();
  world.zone.set(target.proof.record.name, 'silent');
  const { proof } = await verify(target);
  assert.equal(proof.state, 'proven');
  assert.equal(proof.missingSince, null);
  assert.match(proof.detail, /look-up of .+ failed/);
});

test('what cannot be asked for a whole term expires', async () => {
  const target = await proven();
  world.zone.set(target.proof.record.name, 'silent');
  await age(target, 'proof_expires_at', 1);
  assert.equal((await verify(target)).proof.state, 'expired');
});

test('expiry ends the scans that may probe the domain at once, and the next scan is passive', async () => {
  const target = await proven();
  const other = await proven();
  const own = await scanOf(target);
  const reaching = await scanOf(other);
  assert.ok(own.isActive && reaching.isActive);
  unpublish(target);
  await verify(target);
  assert.equal((await scanNow(own.id)).state, 'running');
  await age(target, 'proof_missing_since', 4);
  await verify(target);
  for (const { id } of [own, reaching]) {
    const scan = await scanNow(id);
    assert.equal(scan.state, 'cancelled');
    assert.match(scan.error ?? '', /no longer proven/);
    await waitFor(() => world.changes.some(change => change.topic === 'cancel' && change.id === id));
  }
  const next = await scanOf(target);
  assert.equal(next.isActive, false);
  const { rows } = await tenant.within(tx =>
    sql<{ scanner: string }>`select scanner from scan_job where scan_id = ${next.id}`.execute(tx.sql),
  );
  assert.deepEqual(
    rows.map(row => row.scanner),
    ['watching'],
  );
  await tenant.within(tx => sql`update scan set state = 'cancelled' where id = ${next.id}`.execute(tx.sql));
});

test('revoking ends scans and makes the published record worthless', async () => {
  const target = await proven();
  const scan = await scanOf(target);
  const revoked = await tenant.within(tx => revokeProof(tx, target.id));
  assert.equal(revoked.proof.state, 'unproven');
  assert.notEqual(revoked.proof.record.value, target.proof.record.value);
  assert.equal((await scanNow(scan.id)).state, 'cancelled');
  assert.equal((await verify(target)).proof.state, 'unproven');
});

test('passive scans go on when a proof ends', async () => {
  const target = await add();
  const scan = await scanOf(target);
  assert.equal(scan.isActive, false);
  await tenant.within(tx => revokeProof(tx, target.id));
  assert.equal((await scanNow(scan.id)).state, 'running');
});

test('a look that began before a revocation does not bring the proof back', async () => {
  const target = await add();
  publish(target);
  const { lookupTxt } = world.platform;
  const slow = {
    ...world.platform,
    lookupTxt: async (...args: Parameters<typeof lookupTxt>) => {
      const found = await lookupTxt(...args);
      await tenant.within(tx => revokeProof(tx, target.id));
      return found;
    },
  };
  assert.equal((await verifyTarget(slow, tenant.within, target.id)).proof.state, 'unproven');
});

test('of a start and a revocation at the same time no active scan is left', async () => {
  for (let round = 0; round < 8; round += 1) {
    const target = await proven();
    const [scan] = await Promise.all([scanOf(target), tenant.within(tx => revokeProof(tx, target.id))]);
    const now = await scanNow(scan.id);
    assert.ok(!now.isActive || now.state === 'cancelled', `${now.state} ${now.isActive}`);
  }
});

test('verifying many times at once ends in one claim', async () => {
  const target = await add();
  publish(target);
  const answers = await Promise.all(Array.from({ length: 8 }, () => verify(target)));
  for (const { proof } of answers) assert.equal(proof.state, 'proven');
  const { rows } = await world.db.database.query('select 1 from control.domain_claim where target_id = $1', [
    target.id,
  ]);
  assert.equal(rows.length, 1);
});

test('the proof of a domain covers those below it, added before or after, and ends with it', async () => {
  const domain = `parent-${(counter += 1)}.test`;
  const early = await add(`early.${domain}`);
  const parent = await proven(domain);
  const late = await add(`late.deep.${domain}`);
  const lookalike = await add(`not${domain}`);
  for (const child of [early, late]) {
    const { proof } = await read(child);
    assert.deepEqual([proof.state, proof.method, proof.via], ['proven', 'parent', domain]);
  }
  assert.equal((await read(lookalike)).proof.state, 'unproven');
  const scan = await scanOf(late);
  assert.ok(scan.isActive);
  publish(early);
  assert.equal((await verifyTarget(world.platform, tenant.within, early.id, 'dns')).proof.method, 'dns');
  await tenant.within(tx => deleteTarget(tx, parent.id));
  assert.equal((await read(late)).proof.state, 'expired');
  assert.equal((await read(early)).proof.state, 'proven');
  assert.equal((await scanNow(scan.id)).state, 'cancelled');
});

test('who has a proof of their own falls back to the parent’s', async () => {
  const domain = `parent-${(counter += 1)}.test`;
  await proven(domain);
  const child = await add(`child.${domain}`);
  publish(child);
  await verifyTarget(world.platform, tenant.within, child.id, 'dns');
  const revoked = await tenant.within(tx => revokeProof(tx, child.id));
  assert.deepEqual([revoked.proof.state, revoked.proof.method], ['proven', 'parent']);
});

test('two tenants prove one domain, each by its own record, and neither hears of the other', async () => {
  const domain = `shared-${(counter += 1)}.test`;
  const rival = await world.tenant();
  const [mine, theirs] = [await add(domain), await add(domain, rival)];
  publish(mine);
  const before = (await verify(theirs, rival)).proof.detail;
  await verify(mine);
  assert.equal((await verify(theirs, rival)).proof.detail, before);
  publish(mine, theirs);
  const second = await verify(theirs, rival);
  assert.equal(second.proof.state, 'proven');
  assert.equal(second.proof.detail, (await verify(mine)).proof.detail);
  const { items } = await listClaims(world.platform, claimQuery.parse({ q: domain }));
  assert.deepEqual(
    items.map(claim => [claim.domain, claim.others]),
    [
      [domain, 1],
      [domain, 1],
    ],
  );
  await rival.within(tx => revokeProof(tx, theirs.id));
  assert.equal((await read(mine)).proof.state, 'proven');
  assert.equal((await listClaims(world.platform, claimQuery.parse({ q: domain }))).total, 0);
  assert.equal(
    (await listClaims(world.platform, claimQuery.parse({ q: domain, conflicts: 'all' }))).total,
    1,
  );
});

test('a tenant cannot read who has proven what', async () => {
  await assert.rejects(
    tenant.within(tx => sql`select 1 from control.domain_claim`.execute(tx.sql)),
    /permission denied/,
  );
});

const lastCode = async (): Promise<string> => (await world.lastMail()).paragraphs[1] ?? '';
const send = (of: TargetView, by: Pick<Tenant, 'within'> = tenant) =>
  by.within(tx => sendProofMail(world.platform, tx, { id: of.id, mailbox: 'hostmaster' }));
const confirm = (of: TargetView, code: string) => confirmProofMail(tenant.within, { id: of.id, code });
const forgetWait = (tx: TenantTransaction) =>
  sql`update proof_mail set sent_at = sent_at - interval '2 minutes'`.execute(tx.sql);

test('the code from the mail proves, once, and runs out with its term', async () => {
  const target = await add();
  await send(target);
  assert.equal((await world.lastMail()).to, `hostmaster@${target.domain}`);
  const code = await lastCode();
  assert.equal(code.replaceAll('-', '').length, 26);
  await assert.rejects(confirm(target, 'wrong'), { code: 'target.code-invalid' });
  assert.equal((await confirm(target, ` ${code.toUpperCase()} `)).proof.method, 'email');
  await assert.rejects(confirm(target, code), { code: 'target.code-invalid' });
  await makeDue(target);
  await recheckProofs(world.platform);
  assert.equal((await read(target)).proof.state, 'proven');
  await age(target, 'proof_expires_at', 1);
  await makeDue(target);
  await recheckProofs(world.platform);
  assert.equal((await read(target)).proof.state, 'expired');
});

test('a code is not stored, cannot be guessed for long, and is worth nothing for another target', async () => {
  const target = await add();
  const other = await add();
  await send(target);
  const code = await lastCode();
  const { rows } = await tenant.within(tx => sql`select * from proof_mail`.execute(tx.sql));
  assert.ok(!JSON.stringify(rows).includes(code));
  await assert.rejects(confirm(other, code), { code: 'target.code-invalid' });
  for (let guess = 0; guess < 10; guess += 1)
    await assert.rejects(confirm(target, `guess-${guess}`), { code: 'target.code-invalid' });
  await assert.rejects(confirm(target, code), { code: 'target.code-invalid' });
});

test('mailboxes are not flooded: neither by one tenant nor by several', async () => {
  const domain = `flood-${(counter += 1)}.test`;
  const target = await add(domain);
  await send(target);
  await assert.rejects(send(target), { code: 'target.mail-throttled' });
  const sentNow = await Promise.allSettled(
    Array.from({ length: 6 }, async () => {
      const rival = await world.tenant();
      return send(await add(domain, rival), rival);
    }),
  );
  assert.ok(sentNow.every(one => one.status === 'fulfilled'));
  await world.db.database.query('update control.proof_mail_count set sent = 20 where domain = $1', [domain]);
  await tenant.within(forgetWait);
  await assert.rejects(send(target), { code: 'target.mail-throttled' });
});

test('without mail the method says so', async () => {
  const target = await add();
  const { smtp: _, ...platform } = world.platform;
  await assert.rejects(
    tenant.within(tx => sendProofMail(platform, tx, { id: target.id, mailbox: 'admin' })),
    {
      code: 'target.mail-unavailable',
      message: /Mail is not set up/,
    },
  );
});

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !isTrue(); round += 1)
    await new Promise(resolve => setTimeout(resolve, 20));
  assert.ok(isTrue());
}
