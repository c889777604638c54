import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTokenRequest, type TokenScope } from '@glacis/contract';
import { createToken } from '@glacis/domain';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { provisionerOf } from './provisioning.ts';
import { openScim, patch, person } from './scim-client.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let client: Awaited<ReturnType<typeof openScim>>;
before(async () => {
  world = await createWorld();
  client = await openScim(world);
});
after(() => world.close());

test('filters that are bombs, nonsense or SQL are refused or find nothing', async () => {
  const statusOf = async (filter: string) =>
    (await client.scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).statusCode;
  const bombs = [
    '('.repeat(500),
    `${'('.repeat(50)}userName pr${')'.repeat(50)}`,
    Array.from({ length: 40 }, () => 'userName pr').join(' or '),
    `userName eq "${'x'.repeat(1500)}"`,
    'userName eq "open',
    'userName',
    'userName eq',
    'userName like "x"',
    'userName eq x',
    'password eq "x"',
    'user_id pr',
    'emails[emails[value pr]]',
    'userName eq "a" userName eq "b"',
    'active eq "maybe"',
    'meta.created gt "yesterday"',
    'not userName pr',
    '',
  ];
  for (const filter of bombs) assert.equal(await statusOf(filter), 400, filter.slice(0, 50));
  for (const text of [`' or 1=1 --`, `'; drop table control.scim_user; --`, '%', '_', '\\']) {
    const filter = `userName eq ${JSON.stringify(text)} or displayName co ${JSON.stringify(`${text}${newId()}`)}`;
    const list = (await client.scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).json();
    assert.equal(list.totalResults, 0, text);
  }
  const error = (await client.scim('GET', '/Users?filter=x')).json();
  assert.equal(error.scimType, 'invalidFilter');
});

test('only addresses of proven domains, and nothing of an account elsewhere is read or changed', async () => {
  for (const userName of [
    'ada@elsewhere.test',
    `ada@not-${world.alpha.domain}`,
    `x@${world.beta.domain}`,
    'ada',
    '@',
    ' ',
  ]) {
    const refused = await client.scim('POST', '/Users', person(userName));
    assert.equal(refused.statusCode, 400, userName);
    assert.equal(refused.json().scimType, 'invalidValue');
  }
  // Somebody with an address of alpha who has worked at beta for years.
  const email = client.address();
  const userId = newId();
  const { control } = world.platform.database;
  await control
    .insertInto('control.user_account')
    .values({ id: userId, email, name: 'Secret Name', password_hash: 'kept' })
    .execute();
  await control
    .insertInto('control.membership')
    .values({ user_id: userId, tenant_id: world.beta.tenant, role: 'operator' })
    .execute();
  const response = await client.scim(
    'POST',
    '/Users',
    person(email, { displayName: 'Another', active: false }),
  );
  assert.equal(response.statusCode, 201);
  assert.doesNotMatch(response.body, /Secret Name|beta/);
  assert.ok(!response.body.includes(userId));
  const { id } = response.json();
  assert.equal(await client.memberOf(email), undefined, 'who is not active is no member');
  await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: true }));
  assert.equal((await client.memberOf(email))?.user_id, userId);
  const session = await world.signIn(userId);
  await client.scim('DELETE', `/Users/${id}`);
  assert.equal(await client.memberOf(email), undefined);
  assert.equal((await client.memberOf(email, world.beta))?.role, 'operator');
  const account = await control
    .selectFrom('control.user_account')
    .selectAll()
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  assert.deepEqual([account.email, account.name, account.password_hash], [email, 'Secret Name', 'kept']);
  const beta = await world.server.inject({ url: '/api/tenants/beta/assets', headers: { cookie: session } });
  assert.equal(beta.statusCode, 200, 'the person goes on working elsewhere');
});

test('the last admin stays, and whoever was invited keeps their role', async () => {
  const [{ email } = { email: '' }] = (
    await sql<{
      email: string;
    }>`select email from control.user_account where id = ${world.alpha.users.admin}`.execute(
      world.platform.database.control,
    )
  ).rows;
  await sql`insert into control.domain_claim (tenant_id, target_id, domain, method, proven_at, check_due_at)
    values (${world.alpha.tenant}, ${newId()}, 'alpha.test', 'dns', now(), now())`.execute(
    world.platform.database.control,
  );
  const { id } = await client.created(person(email));
  assert.equal((await client.memberOf(email))?.role, 'admin');
  for (const attempt of [
    await client.scim('DELETE', `/Users/${id}`),
    await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false })),
    await client.scim('PUT', `/Users/${id}`, person(email, { active: false })),
  ]) {
    assert.equal(attempt.statusCode, 409);
    assert.equal(attempt.json().error.code, 'member.last-admin');
  }
  const observers = await client.group('Observers', [id]);
  assert.equal(
    (await client.map(observers, { role: 'observer', project: null })).json().error.code,
    'member.last-admin',
  );
  assert.equal((await client.memberOf(email))?.role, 'admin');
});

test('nobody promotes themselves: roles, ids, passwords and foreign things are out of reach', async () => {
  const email = client.address();
  const { id } = await client.created(
    person(email, {
      roles: [{ value: 'admin' }],
      role: 'admin',
      is_platform_admin: true,
      isPlatformAdmin: true,
    }),
  );
  assert.equal((await client.memberOf(email))?.role, 'observer');
  for (const path of ['roles', 'password', 'id', 'meta.version', 'groups', 'entitlements', 'Password']) {
    const refused = await client.scim('PATCH', `/Users/${id}`, patch({ op: 'add', path, value: 'x' }));
    assert.equal(refused.json().scimType, 'mutability', path);
  }
  const sneaky = await client.scim(
    'PATCH',
    `/Users/${id}`,
    patch({ op: 'replace', value: { active: true, password: 'x' } }),
  );
  assert.equal(sneaky.statusCode, 400);
  const groupId = await client.group('Climbers', [id]);
  await client.scim(
    'PATCH',
    `/Groups/${groupId}`,
    patch({ op: 'replace', value: { role: 'admin', level: 'lead' } }),
  );
  await client.scim('PUT', `/Groups/${groupId}`, {
    displayName: `Climbers ${newId()}`,
    role: 'admin',
    members: [{ value: id }],
  });
  assert.equal((await client.memberOf(email))?.role, 'observer');
  const foreignToken = await provisionerOf(world, world.beta);
  const foreign = await client.scim('POST', '/Users', person(client.address(world.beta)), {
    tenant: world.beta,
    token: foreignToken,
  });
  const theirs: string = foreign.json().id;
  for (const method of ['GET', 'DELETE'] as const)
    assert.equal((await client.scim(method, `/Users/${theirs}`)).statusCode, 404);
  assert.equal((await client.scim('PUT', `/Users/${theirs}`, person(client.address()))).statusCode, 404);
  const add = patch({ op: 'add', path: 'members', value: [{ value: theirs }] });
  assert.equal((await client.scim('PATCH', `/Groups/${groupId}`, add)).statusCode, 404);
  assert.equal((await client.scim('GET', `/Users?filter=id+eq+"${theirs}"`)).json().totalResults, 0);
  assert.equal((await client.scim('GET', '/Users', undefined, { token: foreignToken })).statusCode, 404);
  assert.equal(
    (await client.scim('PATCH', `/Users/${id}`, patch({ op: 'move', path: 'active', value: true })))
      .statusCode,
    400,
  );
  assert.equal(
    (await client.scim('PATCH', `/Users/${id}`, patch({ op: 'remove' }))).json().scimType,
    'noTarget',
  );
  assert.equal((await client.scim('PATCH', `/Users/${id}`, { Operations: [] })).statusCode, 400);
});

test('only a service token that is for nothing else comes in', async () => {
  const { database } = world.platform;
  const make = async (scopes: readonly TokenScope[]) => {
    const request = createTokenRequest.parse({ name: 'x', scopes });
    return (await createToken(database, { tenant: world.alpha.tenant }, request, null)).secret;
  };
  for (const scopes of [['scim', 'asset.read'], ['tenant.manage'], ['scim', 'dangerous']] as const)
    assert.equal(
      (await client.scim('GET', '/Users', undefined, { token: await make(scopes) })).statusCode,
      403,
    );
  const fit = await make(['scim']);
  const elsewhere = await world.server.inject({
    url: '/api/tenants/alpha/members',
    headers: { authorization: `Bearer ${fit}` },
  });
  assert.equal(elsewhere.statusCode, 403);
  const pair = await world.server.inject({
    method: 'POST',
    url: '/api/access-tokens',
    headers: { authorization: `Bearer ${fit}` },
    payload: {},
  });
  const { accessToken } = pair.json();
  assert.equal((await client.scim('GET', '/Users', undefined, { token: accessToken })).statusCode, 403);
  assert.equal((await client.scim('GET', '/Users', undefined, { token: 'x' })).statusCode, 401);
});

test('two that deactivate the last two admins at once leave one', async () => {
  const emails = [client.address(), client.address()];
  const ids: string[] = [];
  for (const email of emails) ids.push((await client.created(person(email))).id);
  const admins = await client.group('Admins', ids);
  await client.map(admins, { role: 'admin', project: null });
  const demoted = world.alpha.users.admin;
  await sql`update control.membership set role = 'observer' where user_id = ${demoted}`.execute(
    world.platform.database.control,
  );
  const answers = await Promise.all(
    ids.map(id => client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }))),
  );
  assert.deepEqual(answers.map(answer => answer.statusCode).sort(), [200, 409]);
  await sql`update control.membership set role = 'admin' where user_id = ${demoted}`.execute(
    world.platform.database.control,
  );
});

test('every act is in the audit chain, without secrets', async () => {
  const email = client.address();
  const { id } = await client.created(person(email, { password: 'planted-secret' }));
  await client.scim('DELETE', `/Users/${id}`);
  await world.platform.audit.flush();
  const cookie = await world.signIn(world.alpha.users.admin);
  const log = await world.server.inject({
    url: '/api/tenants/alpha/audit?action=scim&pageSize=50',
    headers: { cookie },
  });
  const actions = log.json().items.map((one: { action: string }) => one.action);
  assert.deepEqual(actions.slice(0, 2), ['scim.users.delete', 'scim.users.create']);
  assert.match(log.body, /service-token/);
  assert.doesNotMatch(log.body, /planted-secret/);
});
