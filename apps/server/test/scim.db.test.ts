import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTokenRequest } from '@glacis/contract';
import { createToken } from '@glacis/domain';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { openScim, patch, person } from './scim-client.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let client: Awaited<ReturnType<typeof openScim>>;
before(async () => {
  world = await createWorld();
  client = await openScim(world);
});
after(() => world.close());

test('it says what it can do', async () => {
  const config = (await client.scim('GET', '/ServiceProviderConfig')).json();
  assert.equal(config.bulk.supported, false);
  assert.equal(config.patch.supported, true);
  assert.equal(config.etag.supported, true);
  const types = (await client.scim('GET', '/ResourceTypes')).json();
  assert.deepEqual(
    types.Resources.map((one: { endpoint: string }) => one.endpoint),
    ['/Users', '/Groups'],
  );
  for (const one of (await client.scim('GET', '/Schemas')).json().Resources)
    assert.equal((await client.scim('GET', `/Schemas/${encodeURIComponent(one.id)}`)).json().id, one.id);
  const bulk = await client.scim('POST', '/Bulk', {}).catch(() => undefined);
  assert.equal(bulk, undefined, 'there is no such address, and so no error of SCIM either');
});

test('the way of Entra: ask, create, patch with its own booleans and paths, disable, delete', async () => {
  const email = client.address();
  const asked = await client.scim('GET', `/Users?filter=userName+eq+"${email}"`);
  assert.equal(asked.json().totalResults, 0);
  assert.match(String(asked.headers['content-type']), /application\/scim\+json/);
  const { id } = await client.created({
    ...person(email, {
      externalId: 'entra-1',
      displayName: 'Ada Lovelace',
      name: { formatted: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ primary: true, type: 'work', value: email.toUpperCase() }],
      title: 'Countess',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines' },
    }),
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
  });
  assert.deepEqual(await client.memberOf(email).then(member => [member?.role, member?.scope]), [
    'observer',
    'projects',
  ]);
  const named = await client.scim(
    'PATCH',
    `/Users/${id}`,
    patch(
      { op: 'Replace', path: 'displayName', value: 'Ada King' },
      { op: 'Add', path: 'name.familyName', value: 'King' },
      { op: 'Replace', path: 'emails[type eq "work"].value', value: email },
      {
        op: 'Add',
        path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
        value: 'X',
      },
      { op: 'Replace', value: { 'name.givenName': 'Augusta', active: 'True' } },
    ),
  );
  assert.equal(named.statusCode, 200, named.body);
  assert.deepEqual(named.json().name, {
    givenName: 'Augusta',
    familyName: 'King',
    formatted: 'Augusta King',
  });
  const disabled = await client.scim(
    'PATCH',
    `/Users/${id}`,
    patch({ op: 'Replace', path: 'active', value: 'False' }),
  );
  assert.equal(disabled.json().active, false);
  assert.equal(await client.memberOf(email), undefined);
  await client.scim('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'True' }));
  assert.ok(await client.memberOf(email));
  assert.equal((await client.scim('DELETE', `/Users/${id}`)).statusCode, 204);
  assert.equal(await client.memberOf(email), undefined);
  assert.equal((await client.scim('GET', `/Users/${id}`)).statusCode, 404);
});

test('the way of Okta: create, put, deactivate without a path, push a group', async () => {
  const email = client.address();
  const body = person(email, {
    name: { givenName: 'Grace', familyName: 'Hopper' },
    emails: [{ primary: true, value: email, type: 'work' }],
    password: 'a password that nobody asked for',
    groups: [],
  });
  const { id } = await client.created(body);
  const put = await client.scim('PUT', `/Users/${id}`, {
    ...body,
    id,
    name: { givenName: 'G.', familyName: 'Hopper' },
  });
  assert.equal(put.statusCode, 200, put.body);
  assert.equal(put.json().name.givenName, 'G.');
  const groupId = await client.group('Engineers', [id]);
  const read = (await client.scim('GET', `/Groups/${groupId}`)).json();
  assert.deepEqual(read.members, [{ value: id, display: email }]);
  assert.equal((await client.scim('GET', `/Users/${id}`)).json().groups[0].value, groupId);
  const off = await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));
  assert.equal(off.json().active, false);
  const { rows } = await sql<{ password_hash: string | null }>`select password_hash from control.user_account
    where email = ${email}`.execute(world.platform.database.control);
  assert.deepEqual(rows, [{ password_hash: null }]);
});

test('lists page and filter, and show only what was asked for', async () => {
  const mark = newId().slice(-8);
  for (const name of ['anna', 'bert', 'cleo'])
    await client.created(
      person(`${name}-${mark}@${world.alpha.domain}`, {
        displayName: `${name} ${mark}`,
        externalId: `X-${name}`,
      }),
    );
  const find = async (filter: string, more = '') =>
    (await client.scim('GET', `/Users?filter=${encodeURIComponent(filter)}${more}`)).json();
  const namesOf = (list: { Resources: { displayName: string }[] }) =>
    list.Resources.map(one => one.displayName.split(' ')[0]);
  const some = `displayName ew "${mark}"`;
  assert.deepEqual(namesOf(await find(some)), ['anna', 'bert', 'cleo']);
  assert.deepEqual(namesOf(await find(`${some} and userName sw "ANNA"`)), ['anna']);
  assert.deepEqual(namesOf(await find(`${some} and (userName sw "a" or externalId eq "X-cleo")`)), [
    'anna',
    'cleo',
  ]);
  assert.deepEqual(namesOf(await find(`${some} and not (emails[type eq "work" and value co "bert"])`)), [
    'anna',
    'cleo',
  ]);
  assert.deepEqual(namesOf(await find(`${some} and externalId eq "x-anna"`)), []);
  assert.deepEqual(namesOf(await find(`${some} and active eq true and externalId pr`)), [
    'anna',
    'bert',
    'cleo',
  ]);
  assert.deepEqual(namesOf(await find(`${some} and meta.created lt "2020-01-01T00:00:00Z"`)), []);
  const page = await find(some, '&startIndex=2&count=1');
  assert.deepEqual(
    [page.totalResults, page.itemsPerPage, page.startIndex, ...namesOf(page)],
    [3, 1, 2, 'bert'],
  );
  const none = await find(some, '&count=0');
  assert.deepEqual([none.totalResults, none.Resources], [3, []]);
  const [only] = (await find(some, '&attributes=userName')).Resources;
  assert.deepEqual(Object.keys(only).sort(), ['id', 'meta', 'schemas', 'userName']);
  const id = await client.group('Members', []);
  assert.equal(
    (await client.scim('GET', `/Groups/${id}?excludedAttributes=members`)).json().members,
    undefined,
  );
});

test('deactivation ends sessions, tokens and grants of the membership at once', async () => {
  const email = client.address();
  const { id } = await client.created(person(email));
  const groupId = await client.group('Operators', [id]);
  assert.equal((await client.map(groupId, { role: 'operator', project: null })).statusCode, 204);
  const member = await client.memberOf(email);
  assert.deepEqual([member?.role, member?.scope], ['operator', 'tenant']);
  const userId = member?.user_id ?? '';
  const { database } = world.platform;
  const request = createTokenRequest.parse({ name: 'mine', scopes: ['asset.read'] });
  const { secret } = await createToken(database, { userId, tenant: world.alpha.tenant }, request, userId);
  const cookie = await world.signIn(userId);
  await sql`update control.session set tenant_id = ${world.alpha.tenant} where user_id = ${userId}`.execute(
    database.control,
  );
  const statusOf = async (headers: Record<string, string>) =>
    (await world.server.inject({ url: '/api/tenants/alpha/assets', headers })).statusCode;
  assert.equal(await statusOf({ cookie }), 200);
  assert.equal(await statusOf({ authorization: `Bearer ${secret}` }), 200);
  await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));
  assert.equal(await statusOf({ cookie }), 401);
  assert.equal(await statusOf({ authorization: `Bearer ${secret}` }), 401);
  await client.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: true } }));
  assert.equal((await client.memberOf(email))?.role, 'operator', 'the groups give the role again');
  assert.equal(await statusOf({ authorization: `Bearer ${secret}` }), 401, 'the token stays revoked');
});

test('groups give roles and levels in projects, and take back what they gave', async () => {
  const email = client.address();
  const { id } = await client.created(person(email));
  const readers = await client.group('Readers', [id]);
  const writers = await client.group('Writers');
  const project = { id: world.alpha.ids.projects, level: 'read' };
  assert.equal((await client.map(readers, { role: null, project })).statusCode, 204);
  const userId = (await client.memberOf(email))?.user_id ?? '';
  assert.equal(await client.levelOf(userId), 'read');
  assert.equal(
    (await client.map(writers, { role: null, project: { ...project, level: 'write' } })).statusCode,
    204,
  );
  await client.scim(
    'PATCH',
    `/Groups/${writers}`,
    patch({ op: 'Add', path: 'members', value: [{ value: id }] }),
  );
  assert.equal(await client.levelOf(userId), 'write');
  assert.deepEqual(await client.memberOf(email).then(member => [member?.role, member?.scope]), [
    'operator',
    'projects',
  ]);
  await client.scim(
    'PATCH',
    `/Groups/${writers}`,
    patch({ op: 'Remove', path: `members[value eq "${id}"]` }),
  );
  assert.equal(await client.levelOf(userId), 'read');
  await client.scim(
    'PATCH',
    `/Groups/${readers}`,
    patch({ op: 'Remove', path: 'members', value: [{ value: id }] }),
  );
  assert.equal(await client.levelOf(userId), undefined);
  assert.deepEqual(await client.memberOf(email).then(member => [member?.role, member?.scope]), [
    'observer',
    'projects',
  ]);
  const foreign = { id: world.beta.ids.projects, level: 'lead' };
  assert.equal((await client.map(readers, { role: null, project: foreign })).statusCode, 404);
});

test('versions: a change of something stale is refused, reading what is known is short', async () => {
  const { id } = await client.created();
  const read = await client.scim('GET', `/Users/${id}`);
  const version = String(read.headers['etag']);
  assert.equal(read.json().meta.version, version);
  const again = await client.scim('GET', `/Users/${id}`, undefined, {
    headers: { 'if-none-match': version },
  });
  assert.equal(again.statusCode, 304);
  assert.equal(again.body, '');
  const change = patch({ op: 'replace', path: 'displayName', value: 'Newer' });
  const stale = { headers: { 'if-match': version } };
  assert.equal((await client.scim('PATCH', `/Users/${id}`, change, stale)).statusCode, 200);
  assert.equal((await client.scim('PATCH', `/Users/${id}`, change, stale)).statusCode, 412);
  assert.equal((await client.scim('DELETE', `/Users/${id}`, undefined, stale)).statusCode, 412);
});

test('what is there twice, or too much for the plan, is said clearly', async () => {
  const email = client.address();
  await client.created(person(email));
  const twice = await client.scim('POST', '/Users', person(email.toUpperCase()));
  assert.deepEqual([twice.statusCode, twice.json().scimType], [409, 'uniqueness']);
  const id = await client.group('Twice');
  const { displayName } = (await client.scim('GET', `/Groups/${id}`)).json();
  assert.equal((await client.scim('POST', '/Groups', { displayName })).statusCode, 409);
  const { control } = world.platform.database;
  const planId = newId();
  await sql`insert into control.plan (id, name, max_users) values (${planId}, 'Small', 3)`.execute(control);
  await sql`update control.tenant set plan_id = ${planId} where id = ${world.alpha.tenant}`.execute(control);
  const over = await client.scim('POST', '/Users', person(client.address()));
  assert.equal(over.json().error.code, 'plan.limit-reached');
  assert.match(over.json().detail, /Small.*3 members/);
  const asleep = await client.scim('POST', '/Users', person(client.address(), { active: false }));
  assert.equal(asleep.statusCode, 201, 'who may not come in does not count');
  await sql`update control.tenant set plan_id = null where id = ${world.alpha.tenant}`.execute(control);
});
