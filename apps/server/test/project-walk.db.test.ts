import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { permissionsOf, type Permission } from '@glacis/contract';
import { routes, type Route } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { WebSocket } from 'ws';
import { createWorld, MAILED_CODE, type Surface, type World } from './world.ts';

/** Every route as members see it who see only one project: their own things, and those of another project of the tenant. */
let world: World;
let other: Surface;
let people: Readonly<Record<'reader' | 'writer' | 'lead' | 'nobody', string>>;
before(async () => {
  world = await createWorld();
  const { alpha } = world;
  other = await world.besides(alpha, 'gamma');
  people = {
    reader: await world.projectMember(alpha, 'operator', 'read'),
    writer: await world.projectMember(alpha, 'operator', 'write'),
    lead: await world.projectMember(alpha, 'operator', 'lead'),
    nobody: await world.projectMember(alpha, 'operator', 'read'),
  };
  await inAlpha(sql`delete from project_member where user_id = ${people.nobody}`);
});
after(() => world.close());

type Level = 'read' | 'write' | 'lead' | 'whole';
interface Sample {
  /** The least that the call needs in the project; `whole`: a member who sees the whole tenant. */
  readonly level: Level;
  readonly id?: (of: Surface) => Promise<string>;
  readonly query?: (of: Surface) => string;
  readonly body?: (of: Surface) => Promise<object>;
}

/** Makes a target and puts it into the project of the surface. */
async function into(of: Surface, made: Promise<string>): Promise<string> {
  const id = await made;
  await inAlpha(
    sql`insert into project_target (project_id, target_id) values (${of.ids.projects}, ${id}) on conflict do nothing`,
  );
  return id;
}
function inAlpha(query: ReturnType<typeof sql>): Promise<unknown> {
  return world.platform.database.inTenant(world.alpha.tenant, tx => query.execute(tx.sql));
}
async function runningScan(of: Surface): Promise<string> {
  const id = await world.runningScan(of);
  await inAlpha(sql`insert into project_target (project_id, target_id)
    select ${of.ids.projects}, target_id from scan where id = ${id} on conflict do nothing`);
  return id;
}

/** Changes inside a tenant. A new one has to be added here. */
const samples: Readonly<Record<string, Sample>> = {
  'POST targets': {
    level: 'write',
    body: async of => ({ domain: `${newId()}.${of.domain}`, projectId: of.ids.projects }),
  },
  'POST targets/import': { level: 'write', query: of => `?projectId=${of.ids.projects}` },
  'PATCH targets/:id': { level: 'write', body: async () => ({ note: 'walked' }) },
  'POST organisations': { level: 'whole', body: async () => ({ name: newId() }) },
  'PATCH organisations/:id': { level: 'whole', body: async () => ({ name: newId() }) },
  'DELETE organisations/:id': { level: 'whole' },
  'POST organisations/:id/groups': { level: 'whole', body: async () => ({ name: newId() }) },
  'DELETE targets/:id': { level: 'whole', id: of => into(of, world.freshTarget(of)) },
  'POST targets/:id/verify': { level: 'write', body: async () => ({}) },
  'DELETE targets/:id/proof': { level: 'write', id: of => into(of, world.freshTarget(of)) },
  'POST targets/:id/mail-proof': {
    level: 'write',
    id: of => into(of, world.freshTarget(of)),
    body: async () => ({ mailbox: 'postmaster' }),
  },
  'POST targets/:id/mail-proof/confirm': {
    level: 'write',
    id: of => into(of, world.mailedTarget(of)),
    body: async () => ({ code: MAILED_CODE }),
  },
  'POST scans': {
    level: 'write',
    body: async of => ({ targetId: await into(of, world.freshTarget(of)) }),
  },
  'POST scans/:id/cancel': { level: 'write', id: runningScan },
  'PATCH findings/:id': { level: 'write', body: async () => ({ state: 'confirmed' }) },
  'POST reports': { level: 'write', body: async of => ({ scanId: of.ids.scans }) },
  'PATCH projects/:id': { level: 'lead', body: async () => ({ note: 'walked' }) },
  'PUT projects/:id/members': {
    level: 'lead',
    body: async () => ({
      members: [
        { userId: people.reader, level: 'read' },
        { userId: people.writer, level: 'write' },
        { userId: people.lead, level: 'lead' },
      ],
    }),
  },
  'POST projects/:id/targets': { level: 'lead', body: async of => ({ add: [of.ids.targets] }) },
};

const PREFIX = '/api/tenants/:tenant/';
const nameOf = (of: Route): string => `${of.method} ${of.url.slice(PREFIX.length)}`;
const kinds = ['targets', 'scans', 'assets', 'findings', 'reports', 'projects', 'organisations'] as const;
const kindOf = (of: Route) => kinds.find(kind => of.url.startsWith(`${PREFIX}${kind}`));
const operatorMay: ReadonlySet<string> = new Set<Permission>(permissionsOf.operator);
const walked = routes.filter(of => kindOf(of) !== undefined && operatorMay.has(of.access));

async function call(
  of: Route,
  as: string,
  where: Surface,
  given?: { id?: string; body?: object | undefined },
) {
  const kind = kindOf(of);
  const sample = samples[nameOf(of)];
  assert.ok(of.method === 'GET' || sample, `${nameOf(of)} needs a sample in the walk of projects`);
  const id = given?.id ?? (await sample?.id?.(where)) ?? (kind ? where.ids[kind] : '');
  const body = given ? given.body : await sample?.body?.(where);
  return world.server.inject({
    method: of.method,
    url: of.url.replace(':tenant', 'alpha').replace(':id', id) + (sample?.query?.(where) ?? ''),
    headers: { cookie: await world.signIn(as) },
    ...(body ? { payload: body } : {}),
  });
}

const order: readonly Level[] = ['read', 'write', 'lead', 'whole'];
for (const declared of walked) {
  test(nameOf(declared), async t => {
    const needed = samples[nameOf(declared)]?.level ?? 'read';
    for (const [person, level] of [
      ['reader', 'read'],
      ['writer', 'write'],
      ['lead', 'lead'],
    ] as const) {
      await t.test(`a ${person} with things of the own project`, async () => {
        const { statusCode, body } = await call(declared, people[person], world.alpha);
        if (order.indexOf(level) >= order.indexOf(needed))
          assert.ok(statusCode >= 200 && statusCode < 300, `${statusCode} ${body}`);
        else assert.equal(statusCode, 403, body);
      });
    }
    const isList = !declared.url.includes(':id') && declared.method === 'GET';
    // What concerns the whole tenant is refused without a look at the thing.
    if (isList || (needed === 'whole' && declared.url.includes('organisations'))) return;
    await t.test('a lead with things of another project, as with what does not exist', async () => {
      const foreign = await call(declared, people.lead, other);
      assert.equal(foreign.statusCode, 404, foreign.body);
      const names = JSON.stringify((await samples[nameOf(declared)]?.body?.(other)) ?? {});
      const body: object = JSON.parse(
        Object.values(other.ids).reduce((text, id) => text.replaceAll(id, newId()), names),
      );
      const needsBody = declared.body !== undefined;
      const missing = await call(declared, people.lead, other, {
        id: newId(),
        body: needsBody ? (declared.url.endsWith('/scans') ? { targetId: newId() } : body) : undefined,
      });
      assert.equal(missing.statusCode, 404, missing.body);
      assert.equal(foreign.json().error.message, missing.json().error.message);
    });
  });
}

const get = async (path: string, as: string) =>
  world.server.inject({ url: `/api/tenants/alpha/${path}`, headers: { cookie: await world.signIn(as) } });

test('nothing of another project shows in lists, counts, searches and filters', async () => {
  const paths = [
    'overview',
    'targets',
    'targets?sort=createdAt',
    'scans',
    'scans?q=corp',
    'reports',
    'projects',
    'organisations',
    'assets?scope=all&pageSize=200',
    'assets?q=corp',
    'findings?pageSize=200',
    'findings?q=corp',
  ];
  for (const path of paths) {
    for (const as of [people.reader, people.lead]) {
      const { body, statusCode } = await get(path, as);
      assert.equal(statusCode, 200, `${path} ${body}`);
      assert.match(body, /alpha/, path);
      assert.doesNotMatch(body, /gamma/, path);
      for (const id of Object.values(other.ids)) assert.ok(!body.includes(id), path);
    }
    const { body } = await get(path, people.nobody);
    for (const id of [...Object.values(other.ids), ...Object.values(world.alpha.ids)])
      assert.ok(!body.includes(id), `${path} of somebody without a project`);
  }
  const { ids } = other;
  for (const path of [
    'assets?q=gamma',
    `assets?scope=all&scanId=${ids.scans}`,
    'findings?q=gamma',
    `findings?assetId=${ids.assets}`,
    `findings?scanId=${ids.scans}`,
    'targets?q=gamma',
    `targets?projectId=${ids.projects}`,
    'scans?q=gamma',
    'projects?q=gamma',
  ])
    assert.deepEqual((await get(path, people.reader)).json(), { items: [], total: 0 }, path);
  const whole = (await get('assets/counts', world.alpha.users.observer)).json();
  const own = (await get('assets/counts', people.reader)).json();
  assert.ok(own.website < whole.website);
  assert.deepEqual((await get('assets/counts', people.nobody)).json(), {});
  assert.deepEqual(own, (await get('overview', people.reader)).json().assets);
});

test('a scan of targets of two projects shows to neither', async () => {
  const shared = newId();
  await inAlpha(sql`insert into scan (id, target_id, state, is_active, engine, scope)
    values (${shared}, ${world.alpha.ids.targets}, 'completed', false, '{}', '{"domains":[]}')`);
  await inAlpha(sql`insert into scan_target (scan_id, target_id)
    select ${shared}, unnest(${[world.alpha.ids.targets, other.ids.targets]}::uuid[])`);
  assert.equal((await get(`scans/${shared}`, people.lead)).statusCode, 404);
  assert.equal((await get(`scans/${shared}`, world.alpha.users.observer)).statusCode, 200);
  const joint = await world.server.inject({
    method: 'POST',
    url: '/api/tenants/alpha/scans',
    headers: { cookie: await world.signIn(people.lead) },
    payload: { targetId: world.alpha.ids.targets, alsoTargetIds: [other.ids.targets] },
  });
  assert.equal(joint.statusCode, 404);
});

test('a scan of a target in a project does not reach into others', async () => {
  const { rows } = await world.platform.database.inTenant(world.alpha.tenant, tx =>
    sql<{ id: string; domain: string }>`update target set proof_state = 'proven', proof_method = 'dns'
      where id = any(${[world.alpha.ids.targets, other.ids.targets]}::uuid[]) returning id, domain`.execute(
      tx.sql,
    ),
  );
  assert.equal(rows.length, 2);
  const scan = await call(
    routes.find(of => of.method === 'POST' && of.url === `${PREFIX}scans`) ?? assert.fail(),
    people.writer,
    world.alpha,
    { body: { targetId: world.alpha.ids.targets } },
  );
  assert.equal(scan.statusCode, 201, scan.body);
  const { rows: stored } = await world.platform.database.inTenant(world.alpha.tenant, tx =>
    sql<{ scope: { domains: string[] } }>`select scope from scan where id = ${scan.json().id}`.execute(
      tx.sql,
    ),
  );
  const domains = stored[0]?.scope.domains ?? [];
  assert.ok(domains.includes(world.alpha.domain));
  assert.ok(!domains.includes(other.domain), domains.join());
});

test('the live feed of another project is not found', async () => {
  const base = await world.server.listen({ host: '127.0.0.1', port: 0 });
  const cookie = await world.signIn(people.lead);
  const watch = (scanId: string) =>
    new Promise<number>(resolve => {
      const url = `${base.replace('http', 'ws')}/api/tenants/alpha/scans/${scanId}/live`;
      const socket = new WebSocket(url, { headers: { cookie } });
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('message', data => {
        assert.doesNotMatch(String(data), /gamma/);
        socket.close();
        resolve(200);
      });
    });
  assert.equal(await watch(other.ids.scans), 404);
  assert.equal(await watch(world.alpha.ids.scans), 200);
});

test('who is taken out of a project, or limited to projects, feels it at the next request', async () => {
  const userId = await world.freshMember(world.alpha, 'observer');
  assert.equal((await get(`targets/${other.ids.targets}`, userId)).statusCode, 200);
  await world.server.inject({
    method: 'PUT',
    url: `/api/tenants/alpha/members/${userId}/scope`,
    headers: { cookie: await world.signIn(world.alpha.users.admin) },
    payload: { scope: 'projects' },
  });
  assert.equal((await get(`targets/${other.ids.targets}`, userId)).statusCode, 404);
  await inAlpha(sql`insert into project_member (project_id, user_id, level)
    values (${other.ids.projects}, ${userId}, 'read')`);
  assert.equal((await get(`targets/${other.ids.targets}`, userId)).statusCode, 200);
  await inAlpha(sql`delete from project_member where user_id = ${userId}`);
  assert.equal((await get(`targets/${other.ids.targets}`, userId)).statusCode, 404);
});

test('an admin cannot be limited to projects', async () => {
  const answer = await world.server.inject({
    method: 'PUT',
    url: `/api/tenants/alpha/members/${world.alpha.users.admin}/scope`,
    headers: { cookie: await world.signIn(world.alpha.users.admin) },
    payload: { scope: 'projects' },
  });
  assert.equal(answer.statusCode, 409);
});

test('a restricted transaction can write nothing, and reads no table that was not thought of', async () => {
  const { database } = world.platform;
  const as = { viewer: people.lead };
  const { rows } = await database.query('select tablename from pg_tables where schemaname = $1', [
    `t_${world.alpha.tenant.replaceAll('-', '')}`,
  ]);
  assert.ok(rows.length > 20);
  for (const table of rows.map(row => String(row['tablename']))) {
    await assert.rejects(
      database.inTenant(world.alpha.tenant, tx => sql`delete from ${sql.table(table)}`.execute(tx.sql), as),
      /permission denied/,
      table,
    );
  }
  for (const table of ['exclusion', 'scan_job', 'proof_mail', 'audit_record'])
    await assert.rejects(
      database.inTenant(world.alpha.tenant, tx => sql`select 1 from ${sql.table(table)}`.execute(tx.sql), as),
      /permission denied/,
      table,
    );
});
