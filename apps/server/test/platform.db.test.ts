import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { auditBody } from '@glacis/contract';
import { applyRetention, readAudit, readTenantExport, shredDueTenants } from '@glacis/domain';
import { sql } from '@glacis/db';
import { newId, type TenantId } from '@glacis/foundation';
import { createWorld, type World } from './world.ts';

let world: World;
let owner: string;
before(async () => {
  world = await createWorld();
  owner = await world.signIn(await world.platformAdmin());
});
after(() => world.close());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

async function send(method: Method, url: string, of: { cookie?: string; payload?: object } = {}) {
  const response = await world.server.inject({
    method,
    url,
    headers: { cookie: of.cookie ?? owner },
    ...(of.payload ? { payload: of.payload } : {}),
  });
  const isJson = String(response.headers['content-type']).includes('json');
  return {
    status: response.statusCode,
    json: isJson ? response.json() : undefined,
    bytes: response.rawPayload,
  };
}

const platformUrl = (path: string) => `/api/platform/${path}`;
const ofAlpha = (path = '') => platformUrl(`tenants/${world.alpha.tenant}${path}`);

async function readExport(bytes: Buffer) {
  const files = new Map<string, Buffer>();
  const manifest = await readTenantExport(Readable.from([bytes]), (path, content) => {
    files.set(path, content);
  });
  return { manifest, files };
}

test('the list pages and searches, the detail counts', async () => {
  const { json } = await send('GET', platformUrl('tenants?pageSize=1&q=alpha'));
  assert.equal(json.total, 1);
  assert.equal(json.items[0].slug, 'alpha');
  const detail = (await send('GET', ofAlpha())).json;
  assert.equal(detail.usage.findings, 1);
  assert.equal(detail.usage.domains, 1);
  assert.ok(detail.usage.blobBytes > 0);
  assert.ok(detail.usage.databaseBytes > 100_000);
  assert.equal(detail.members, 3);
  assert.doesNotMatch(JSON.stringify(detail), /alpha-corp/, 'nothing from inside but counts');
});

test('health tells of queues, mails and the size of the database', async () => {
  const { json } = await send('GET', platformUrl('health'));
  assert.ok(json.databaseBytes > 1_000_000);
  assert.ok(json.queues.some((queue: { waiting: number }) => queue.waiting > 0));
  assert.equal(json.tenants.active, 2);
  assert.equal(json.mails.isConfigured, true);
});

test('a suspended tenant is shut at once: members out, scans cancelled, none starts; then it goes on', async () => {
  const member = await world.signIn(world.beta.users.admin);
  const scan = await world.runningScan(world.beta);
  const url = platformUrl(`tenants/${world.beta.tenant}`);
  assert.equal((await send('POST', `${url}/suspend`, { payload: { reason: 'unpaid' } })).status, 204);
  assert.equal((await send('GET', '/api/tenants/beta/assets', { cookie: member })).status, 404);
  const { rows } = await world.platform.database.inTenant(world.beta.tenant, tx =>
    sql<{ state: string }>`select state from scan where id = ${scan}`.execute(tx.sql),
  );
  assert.equal(rows[0]?.state, 'cancelled');
  await assert.rejects(world.runningScan(world.beta), { code: 'tenant.not-active' });
  const { json } = await send('GET', url);
  assert.deepEqual([json.state, json.suspendedReason], ['suspended', 'unpaid']);
  assert.equal((await send('POST', `${url}/resume`)).status, 204);
  assert.equal((await send('GET', '/api/tenants/beta/assets', { cookie: member })).status, 200);
});

test('an export opens what is sealed, holds the files, and shows when it was changed or cut off', async () => {
  const { bytes, status } = await send('GET', ofAlpha('/export'));
  assert.equal(status, 200);
  const { manifest, files } = await readExport(bytes);
  assert.deepEqual(manifest.problems, []);
  assert.equal(manifest.tenant.slug, 'alpha');
  const finding = files.get('tables/finding.0001.jsonl')?.toString('utf8') ?? '';
  assert.deepEqual(JSON.parse(finding).evidence, [{ label: 'Answer', text: 'HTTP/1.1 200 OK of alpha' }]);
  const stored = [...files].filter(([path]) => path.startsWith('blobs/'));
  assert.ok(stored.length > 0);
  for (const [, content] of stored) assert.equal(content.toString('utf8'), 'a file of alpha');
  const about = JSON.parse(files.get('tenant.json')?.toString('utf8') ?? '');
  assert.equal(about.members.length, 3);
  for (const content of files.values()) assert.ok(!content.includes('beta'));
  const { rows } = await world.platform.database.inTenant(world.alpha.tenant, tx =>
    sql<{ n: number }>`select count(*)::int as n from asset`.execute(tx.sql),
  );
  assert.equal(manifest.tables.find(table => table.name === 'asset')?.rows, rows[0]?.n);
  await assert.rejects(readExport(bytes.subarray(0, bytes.length - 200)), { code: 'data.export-broken' });
  // The first ten bytes are the head of the compression, which says nothing about the content.
  for (let at = 10; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
    await assert.rejects(readExport(changed), { code: 'data.export-broken' }, `byte ${at}`);
  }
  const own = await send('GET', '/api/tenants/alpha/export', {
    cookie: await world.signIn(world.alpha.users.admin),
  });
  assert.equal((await readExport(own.bytes)).manifest.tenant.slug, 'alpha');
});

test('a large table leaves in parts', async () => {
  await world.platform.database.inTenant(world.alpha.tenant, tx =>
    sql`insert into exclusion (id, value) select gen_random_uuid(), repeat('x', 2000) || n from generate_series(1, 5000) n`.execute(
      tx.sql,
    ),
  );
  const { manifest, files } = await readExport((await send('GET', ofAlpha('/export'))).bytes);
  assert.equal(manifest.tables.find(table => table.name === 'exclusion')?.rows, 5000);
  const parts = [...files].filter(([path]) => path.startsWith('tables/exclusion.'));
  assert.ok(parts.length >= 2);
  const lines = parts.flatMap(([, content]) => content.toString('utf8').trim().split('\n'));
  assert.equal(new Set(lines).size, 5000);
  await world.platform.database.inTenant(world.alpha.tenant, tx =>
    sql`delete from exclusion`.execute(tx.sql),
  );
});

test('support access lets in for a time, with a role, visibly, and ends when it is ended or over', async () => {
  const admin = await world.signIn(world.alpha.users.admin);
  const url = '/api/tenants/alpha/support';
  const read = () => send('GET', '/api/tenants/alpha/assets');
  assert.equal((await read()).status, 404);
  const grant = await send('POST', url, {
    cookie: admin,
    payload: { role: 'observer', hours: 2, reason: 'a question' },
  });
  assert.equal(grant.status, 201);
  assert.equal((await read()).status, 200);
  const domain = { domain: 'support.alpha-corp.test' };
  assert.equal((await send('POST', '/api/tenants/alpha/targets', { payload: domain })).status, 403);
  assert.equal((await send('GET', '/api/tenants/beta/assets')).status, 404);
  const { json } = await send('GET', url, { cookie: admin });
  assert.match(json.items[0].lastUsedBy, /@platform\.test$/);
  assert.equal((await send('DELETE', `${url}/${grant.json.id}`, { cookie: admin })).status, 204);
  assert.equal((await read()).status, 404);
  await send('POST', url, { cookie: admin, payload: { role: 'operator', hours: 1 } });
  assert.equal((await read()).status, 200);
  await world.platform.database.query(`update control.support_grant set expires_at = now() - interval '1 s'`);
  assert.equal((await read()).status, 404);
  await send('POST', url, { cookie: admin, payload: { role: 'operator', hours: 1 } });
  await send('PUT', platformUrl('features/support-access'), { payload: { isOn: false } });
  assert.equal((await read()).status, 404, 'switched off');
  assert.equal(
    (await send('POST', url, { cookie: admin, payload: { role: 'admin', hours: 1 } })).status,
    409,
  );
  await send('PUT', platformUrl('features/support-access'), { payload: { isOn: null } });
  const operator = await world.signIn(world.alpha.users.operator);
  await world.platform.database.query('delete from control.support_grant');
  assert.equal((await send('GET', url, { cookie: operator })).status, 403);
});

test('a switch of the platform holds for all, one of a tenant for it alone', async () => {
  const start = async () => {
    const scan = await world.runningScan(world.alpha);
    const { rows } = await world.platform.database.inTenant(world.alpha.tenant, tx =>
      sql<{ is_active: boolean }>`select is_active from scan where id = ${scan}`.execute(tx.sql),
    );
    return rows[0]?.is_active;
  };
  const set = (path: string, isOn: boolean | null) =>
    send('PUT', platformUrl(`${path}features/active-scans`), { payload: { isOn } });
  const ofTenant = `tenants/${world.alpha.tenant}/`;
  assert.equal(await start(), true);
  await set(ofTenant, false);
  assert.equal(await start(), false);
  await set(ofTenant, true);
  await set('', false);
  assert.equal(await start(), false, 'off for all stays off');
  await set('', null);
  await set(ofTenant, null);
  assert.equal(await start(), true);
  assert.equal((await set(`tenants/${newId()}/`, true)).status, 404);
});

test('an id of another form names no tenant', async () => {
  const foreign = platformUrl(`tenants/${randomUUID()}`);
  for (const [method, path, payload] of [
    ['POST', '/suspend', { reason: 'x' }],
    ['POST', '/resume', undefined],
    ['POST', '/delete', { slug: 'x', graceDays: 0 }],
    ['PUT', '/plan', { planId: null }],
    ['GET', '/export', undefined],
  ] as const)
    assert.equal((await send(method, foreign + path, payload ? { payload } : {})).status, 404, path);
});

test('plans are edited; one is always the default, and one in use stays', async () => {
  const plan = {
    name: 'Small',
    limits: { domains: 1, scansPerDay: 5, users: 4, retentionDays: 30 },
    isPublic: true,
  };
  const { json: made } = await send('POST', platformUrl('plans'), { payload: plan });
  assert.equal(made.tenants, 0);
  await send('PUT', ofAlpha('/plan'), { payload: { planId: made.id } });
  assert.equal((await send('GET', ofAlpha())).json.limits.users, 4);
  assert.equal((await send('DELETE', platformUrl(`plans/${made.id}`))).status, 409);
  const { json: list } = await send('GET', platformUrl('plans'));
  const first = list.items.find((one: { isDefault: boolean }) => one.isDefault);
  const none = { name: 'Unlimited', limits: first.limits, isDefault: false };
  assert.equal((await send('PUT', platformUrl(`plans/${first.id}`), { payload: none })).status, 409);
  await send('PUT', platformUrl(`plans/${made.id}`), { payload: { ...plan, isDefault: true } });
  const after = (await send('GET', platformUrl('plans'))).json.items;
  assert.equal(after.filter((one: { isDefault: boolean }) => one.isDefault).length, 1);
  await send('PUT', platformUrl(`plans/${first.id}`), { payload: { ...none, isDefault: true } });
  await send('PUT', ofAlpha('/plan'), { payload: { planId: null } });
  assert.equal((await send('DELETE', platformUrl(`plans/${made.id}`))).status, 204);
});

test('what is older than the plan keeps goes, but for the last scan of each target', async () => {
  const { database } = world.platform;
  const { json: plan } = await send('POST', platformUrl('plans'), {
    payload: { name: 'Short', limits: { domains: null, scansPerDay: null, users: null, retentionDays: 10 } },
  });
  await send('PUT', platformUrl(`tenants/${world.beta.tenant}/plan`), { payload: { planId: plan.id } });
  const { ids } = world.beta;
  await database.inTenant(world.beta.tenant, async tx => {
    await sql`update scan set started_at = now() - interval '20 days', finished_at = now() - interval '20 days'
      where id = ${ids.scans}`.execute(tx.sql);
  });
  assert.equal(await applyRetention(world.platform), 0, 'the last scan stays');
  await database.inTenant(world.beta.tenant, tx =>
    sql`insert into scan (id, target_id, state, is_active, engine, scope, finished_at)
      values (${newId()}, ${ids.targets}, 'completed', false, '{}', '{}', now())`.execute(tx.sql),
  );
  assert.equal(await applyRetention(world.platform), 1);
  const left = await database.inTenant(world.beta.tenant, async tx => {
    const { rows } = await sql<{ reports: number; blobs: number }>`select
      (select count(*)::int from report) as reports,
      (select count(*)::int from blob where name = 'report.pdf') as blobs`.execute(tx.sql);
    return rows[0];
  });
  assert.deepEqual(left, { reports: 0, blobs: 0 });
  assert.equal(await applyRetention(world.platform), 0, 'nothing is left to go');
  const records = await recordsOf('scans.expired', world.beta.tenant);
  assert.deepEqual(
    records.map(({ actor, via, outcome, detail }) => ({ actor, via, outcome, detail })),
    [{ ...bySystem('retention'), outcome: 'succeeded', detail: { scans: 1, olderThanDays: 10 } }],
  );
  await send('PUT', platformUrl(`tenants/${world.beta.tenant}/plan`), { payload: { planId: null } });
});

test('a tenant that the platform makes has an admin who was invited', async () => {
  const { json, status } = await send('POST', platformUrl('tenants'), {
    payload: { slug: 'made-co', name: 'Made', adminEmail: 'Boss@Made.test', domain: 'made.test' },
  });
  assert.equal(status, 201);
  assert.equal(json.link, null);
  const { rows } = await world.platform.database.query(
    `select email, role from control.invitation where tenant_id = $1`,
    [json.id],
  );
  assert.deepEqual(rows, [{ email: 'boss@made.test', role: 'admin' }]);
  const again = await send('POST', platformUrl('tenants'), {
    payload: { slug: 'made-co', name: 'Made', adminEmail: 'boss@made.test' },
  });
  assert.equal(again.json.error.code, 'tenant.slug-taken');
});

test('deleting takes the short name and a grace period, and leaves nothing that can be read', async () => {
  const { platform } = world;
  const member = await world.signIn(world.alpha.users.admin);
  const storedBefore = readTree(join(world.webFolder, '..', 'blobs', world.alpha.tenant));
  assert.ok(storedBefore.length > 0);
  const wrong = await send('POST', ofAlpha('/delete'), { payload: { slug: 'beta', graceDays: 0 } });
  assert.equal(wrong.status, 400);
  assert.ok(wrong.json.error.fields.slug);
  await send('POST', ofAlpha('/delete'), { payload: { slug: 'alpha', graceDays: 7 } });
  assert.equal((await send('GET', '/api/tenants/alpha/assets', { cookie: member })).status, 404);
  assert.equal(await shredDueTenants(platform), 0, 'not before its time');
  assert.equal((await send('POST', ofAlpha('/keep'))).status, 204);
  assert.equal((await send('GET', '/api/tenants/alpha/assets', { cookie: member })).status, 200);
  await send('POST', ofAlpha('/delete'), { payload: { slug: 'alpha', graceDays: 0 } });
  assert.equal(await shredDueTenants(platform), 1);
  await assert.rejects(platform.keyOf(world.alpha.tenant), { code: 'request.not-found' });
  assert.deepEqual(readTree(join(world.webFolder, '..', 'blobs', world.alpha.tenant)), []);
  const dump = await dumpEverything(world);
  assert.ok(dump.includes('beta'), 'the dump shows what is there');
  for (const trace of ['alpha', world.alpha.tenant, world.alpha.tenant.replaceAll('-', '')])
    assert.equal(linesWith(dump, trace), '', trace);
  assert.equal((await send('GET', ofAlpha())).status, 404);
  assert.equal((await send('GET', platformUrl('tenants'))).status, 200);
  assert.equal((await send('GET', '/api/session', { cookie: member })).status, 401);
  // The platform's own log keeps that it was deleted, and that the system did it.
  const records = await recordsOf('tenants.shredded', undefined);
  assert.deepEqual(
    records.map(({ actor, via, outcome, subject }) => ({ actor, via, outcome, subject })),
    [
      {
        ...bySystem('deletion of tenants'),
        outcome: 'succeeded',
        subject: { kind: 'tenants', id: world.alpha.tenant },
      },
    ],
  );
});

test('a deletion that a process died at goes on where it was', async () => {
  const { database } = world.platform;
  await send('POST', platformUrl(`tenants/${world.beta.tenant}/delete`), {
    payload: { slug: 'beta', graceDays: 0 },
  });
  await database.query(`update control.tenant set state = 'shredding' where id = $1`, [world.beta.tenant]);
  await database.query('delete from control.tenant_key where tenant_id = $1', [world.beta.tenant]);
  assert.equal(await shredDueTenants(world.platform), 1);
  assert.equal(linesWith(await dumpEverything(world), world.beta.tenant), '');
});

const bySystem = (name: string) => ({ actor: { kind: 'system', id: null, name }, via: 'job' });

/** What a chain says of an action: a tenant's, or that of the platform. */
async function recordsOf(action: string, chain: TenantId | undefined) {
  const found = [];
  for await (const records of readAudit(world.platform.database, chain, { action }))
    found.push(...records.map(record => auditBody.parse(JSON.parse(record.body))));
  return found;
}

function readTree(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  } catch {
    return [];
  }
}

/**
 * Every row of every table of the platform and of the tenants that are left, with the names of schemas and roles. The
 * platform's audit log is left out: it is a chain, and keeps who signed in and what was done to which tenant.
 */
async function dumpEverything({ platform }: World): Promise<string> {
  const { rows } = await platform.database.query(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
       and (table_schema, table_name) <> ('control', 'audit_record')`,
  );
  const lines: string[] = [];
  for (const { name } of rows) {
    const { rows: content } = await platform.database.query(
      `select to_jsonb(t)::text as line from ${String(name)} t`,
    );
    lines.push(...content.map(row => `${String(name)} ${String(row['line'])}`));
  }
  const { rows: names } = await platform.database.query(
    `select nspname as name from pg_namespace union select rolname from pg_roles`,
  );
  return [...lines, ...names.map(row => String(row['name']))].join('\n');
}

function linesWith(dump: string, trace: string): string {
  return dump
    .split('\n')
    .filter(line => line.includes(trace))
    .join('\n');
}
