import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { openJar, type Jar } from './browser-jar.ts';
import { provisionerOf, scimUrl } from './provisioning.ts';
import { CLIENT, startProvider, type RunningProvider, type Subject } from '@glacis/app-practice-net/testing';
import { createWorld, type Surface, type World } from './world.ts';

let world: World;
let provider: RunningProvider;
let connectionId: string;
const redirectUris: string[] = [];
const DOMAIN = 'alpha.test';

before(async () => {
  // The provider knows its client's address before the connection gets its id from the API: the id is set here.
  connectionId = newId();
  redirectUris.push(`https://glacis.test/sign-in/oidc/${connectionId}`);
  provider = await startProvider(redirectUris);
  world = await createWorld({ privateProviders: [provider.host] });
  await prove(world.alpha, DOMAIN);
  const made = await (await adminJar()).send('POST', '/api/tenants/alpha/sso', request());
  assert.equal(made.statusCode, 201, made.body);
  await sql`update control.sso_connection set id = ${connectionId}, sealed = null where id = ${made.json().id}`.execute(
    world.platform.database.control,
  );
  assert.equal((await change({})).statusCode, 200);
});
after(async () => {
  await world.close();
  await provider.close();
});

function request(changes: object = {}): object {
  return {
    kind: 'oidc',
    name: 'Alpha’s people',
    isEnabled: true,
    domains: [DOMAIN],
    defaultRole: 'observer',
    groupsClaim: 'groups',
    groupRoles: [{ group: 'operators', role: 'operator' }],
    issuer: provider.issuer,
    ...CLIENT,
    ...changes,
  };
}
async function adminJar(of: Surface = world.alpha): Promise<Jar> {
  return openJar(world, await world.signIn(of.users.admin));
}
async function change(changes: object) {
  return (await adminJar()).send('PUT', `/api/tenants/alpha/sso/${connectionId}`, request(changes));
}
async function prove(of: Surface, domain: string): Promise<void> {
  await sql`insert into control.domain_claim (tenant_id, target_id, domain, method, proven_at, check_due_at)
    values (${of.tenant}, ${newId()}, ${domain}, 'dns', now(), now() + interval '1 day')`.execute(
    world.platform.database.control,
  );
}
async function unprove(of: Surface, domain: string): Promise<void> {
  await sql`delete from control.domain_claim where tenant_id = ${of.tenant} and domain = ${domain}`.execute(
    world.platform.database.control,
  );
}
function newSubject(changes: Partial<Subject> = {}): Subject {
  const sub = newId();
  return { sub, email: `${sub}@${DOMAIN}`, email_verified: true, name: 'Somebody', groups: [], ...changes };
}

async function start(jar: Jar, next?: string): Promise<string> {
  const answer = await jar.send('POST', '/api/sso/start', { connectionId, ...(next ? { next } : {}) });
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json().url;
}
const complete = (jar: Jar, query: string, id = connectionId) =>
  jar.send('POST', '/api/sso/oidc/complete', { connectionId: id, query });

async function signIn(subject: Subject, next?: string) {
  const jar = openJar(world);
  const back = await provider.visit(await start(jar, next), subject);
  assert.equal(`${back.origin}${back.pathname}`, redirectUris[0]);
  return { jar, answer: await complete(jar, back.search) };
}
async function accountOf(email: string): Promise<{ id: string; role: string | null } | undefined> {
  const { rows } = await sql<{
    id: string;
    role: string | null;
  }>`select u.id, m.role from control.user_account u
    left join control.membership m on m.user_id = u.id and m.tenant_id = ${world.alpha.tenant}
    where u.email = ${email}`.execute(world.platform.database.control);
  return rows[0];
}

test('a person comes in for the first time, becomes a member, and is the same one the next time', async () => {
  const subject = newSubject();
  const { jar, answer } = await signIn(subject, '/t/alpha/findings?severity=high');
  assert.equal(answer.statusCode, 200, answer.body);
  assert.deepEqual(answer.json(), { next: '/t/alpha/findings?severity=high' });
  const session = (await jar.send('GET', '/api/session')).json();
  assert.equal(session.user.email, subject.email);
  assert.deepEqual(
    session.tenants.map((tenant: { slug: string; role: string }) => [tenant.slug, tenant.role]),
    [['alpha', 'observer']],
  );
  assert.equal((await jar.send('GET', '/api/tenants/alpha/assets')).statusCode, 200);
  const again = await signIn({ ...subject, email: `renamed-${subject.email}` });
  assert.equal((await again.jar.send('GET', '/api/session')).json().user.id, session.user.id);
});

test('groups give roles, also to members, but never take the last admin away', async () => {
  const subject = newSubject({ groups: ['everybody', 'operators'] });
  await signIn(subject);
  assert.equal((await accountOf(subject.email ?? ''))?.role, 'operator');
  await signIn(newSubject({ sub: 'the-admin', email: `admin@${DOMAIN}`, groups: ['operators'] }));
  assert.equal((await accountOf(`admin@${DOMAIN}`))?.role, 'admin');
});

test('a verified address leads to the account that is there; the session reaches this tenant alone', async () => {
  const userId = await world.freshMember(world.beta);
  const email = `both-${userId}@${DOMAIN}`;
  await sql`update control.user_account set email = ${email} where id = ${userId}`.execute(
    world.platform.database.control,
  );
  const { jar, answer } = await signIn(newSubject({ email }));
  assert.equal(answer.statusCode, 200);
  const session = (await jar.send('GET', '/api/session')).json();
  assert.equal(session.user.id, userId);
  assert.deepEqual(
    session.tenants.map((tenant: { slug: string }) => tenant.slug),
    ['alpha'],
  );
  assert.equal((await jar.send('GET', '/api/tenants/beta/assets')).statusCode, 404);
  const password = { password: 'correct horse battery' };
  assert.equal((await jar.send('PUT', '/api/session/password', password)).statusCode, 403);
});

test('nobody comes in by an address that is not verified, not of the domains, or of a domain that is not proven', async () => {
  const refused = async (changes: Partial<Subject>) => {
    const subject = newSubject(changes);
    const { jar, answer } = await signIn(subject);
    assert.equal(answer.json().error.code, 'sso.refused', JSON.stringify(changes));
    assert.equal(jar.cookies.has('glacis_session'), false);
    return subject;
  };
  const unverified = await refused({ email_verified: false });
  assert.equal(await accountOf(unverified.email ?? ''), undefined, 'nothing was made');
  await refused({ email: 'admin@beta.test' });
  await refused({ email: `admin@${DOMAIN}.evil.test` });
  await refused({ email: `admin@sub.${DOMAIN}` });
  await unprove(world.alpha, DOMAIN);
  await refused({});
  const found = await openJar(world).send('POST', '/api/sso/find', { email: `x@${DOMAIN}` });
  assert.deepEqual(found.json().connections, []);
  await prove(world.alpha, DOMAIN);
  const again = await openJar(world).send('POST', '/api/sso/find', { email: `X@${DOMAIN.toUpperCase()}` });
  assert.equal(again.json().connections[0].id, connectionId);
});

test('whom provisioning has deactivated cannot come back by signing in', async () => {
  const subject = newSubject();
  const { jar } = await signIn(subject);
  const token = await provisionerOf(world, world.alpha);
  const send = (method: 'POST' | 'PATCH', path: string, payload: object) =>
    world.server.inject({
      method,
      url: scimUrl(world.alpha, path),
      headers: { authorization: `Bearer ${token}` },
      payload,
    });
  const made = await send('POST', '/Users', { userName: subject.email });
  assert.equal(made.statusCode, 201, made.body);
  const off = { Operations: [{ op: 'Replace', path: 'active', value: 'False' }] };
  assert.equal((await send('PATCH', `/Users/${made.json().id}`, off)).statusCode, 200);
  assert.equal((await jar.send('GET', '/api/session')).statusCode, 401, 'the session has ended');
  assert.equal((await signIn(subject)).answer.json().error.code, 'sso.refused');
  const never = newSubject();
  await send('POST', '/Users', { userName: never.email, active: false });
  assert.equal((await signIn(never)).answer.json().error.code, 'sso.refused');
});

test('without a default role only members come in', async () => {
  await change({ defaultRole: null });
  const { answer } = await signIn(newSubject());
  assert.equal(answer.json().error.code, 'sso.refused');
  assert.equal((await signIn(newSubject({ groups: ['operators'] }))).answer.statusCode, 200);
  await change({});
});

test('an answer counts once, in the browser that asked', async () => {
  const jar = openJar(world);
  const back = await provider.visit(await start(jar), newSubject());
  const cookies = new Map(jar.cookies);
  const elsewhere = openJar(world);
  assert.equal((await complete(elsewhere, back.search)).json().error.code, 'auth.flow-expired', 'login CSRF');
  await start(elsewhere);
  assert.equal((await complete(elsewhere, back.search)).json().error.code, 'sso.refused', 'foreign state');
  assert.equal((await complete(jar, back.search)).statusCode, 200);
  for (const [name, value] of cookies) jar.cookies.set(name, value);
  assert.equal((await complete(jar, back.search)).json().error.code, 'auth.flow-expired', 'replay');
});

test('an injected code, a wrong state, nonce or verifier, and errors of the provider are refused', async () => {
  const twisted = async (twist: (query: URLSearchParams, other: URLSearchParams) => void) => {
    const jar = openJar(world);
    const back = await provider.visit(await start(jar), newSubject());
    const other = await provider.visit(await start(openJar(world)), newSubject());
    twist(back.searchParams, other.searchParams);
    return (await complete(jar, back.search)).json().error.code;
  };
  const set = (name: string) => (query: URLSearchParams, other: URLSearchParams) =>
    query.set(name, other.get(name) ?? '');
  assert.equal(await twisted(set('code')), 'sso.refused', 'code injection');
  assert.equal(await twisted(set('state')), 'sso.refused');
  assert.equal(await twisted(query => query.delete('state')), 'sso.refused');
  assert.equal(await twisted(query => query.append('state', 'x')), 'sso.refused');
  assert.equal(await twisted(query => query.set('iss', 'https://evil.test')), 'sso.refused', 'mix-up');
  assert.equal(await twisted(query => query.delete('iss')), 'sso.refused', 'mix-up without a name');
  assert.equal(await twisted(query => query.set('error', 'access_denied')), 'sso.refused');
  for (const field of ['nonce', 'verifier']) {
    const jar = openJar(world);
    const back = await provider.visit(await start(jar), newSubject());
    await sql`update control.sign_in_flow set data = jsonb_set(data, ${`{${field}}`}::text[], ${JSON.stringify('x'.repeat(43))}::jsonb)
      where kind = 'oidc'`.execute(world.platform.database.control);
    assert.equal((await complete(jar, back.search)).json().error.code, 'sso.refused', field);
  }
});

test('the answer of one provider is not taken for another', async () => {
  const jar = openJar(world);
  const back = await provider.visit(await start(jar), newSubject());
  assert.equal((await complete(jar, back.search, newId())).json().error.code, 'sso.refused');
});

test('the page afterwards is one of the tenant', async () => {
  for (const next of [
    'https://evil.test/',
    '//evil.test/t/alpha',
    '/\\evil.test',
    '/t/beta/assets',
    '/t/alphabet',
    '/t/alpha/../beta',
    'javascript:alert(1)',
    '/sign-in',
  ])
    assert.equal((await signIn(newSubject(), next)).answer.json().next, '/t/alpha', next);
});

test('an admin sets up providers for proven domains and of public addresses alone, and never sees a secret again', async () => {
  const jar = await adminJar();
  const post = (changes: object) => jar.send('POST', '/api/tenants/alpha/sso', request(changes));
  assert.equal((await post({ domains: ['beta.test'] })).json().error.code, 'sso.domain-not-proven');
  assert.equal((await post({ domains: [DOMAIN, 'test'] })).statusCode, 400);
  for (const issuer of [
    'http://127.0.0.1:1',
    'https://127.0.0.1:5432',
    'https://[::1]:443',
    'https://169.254.169.254',
    'https://localhost',
    'https://[::ffff:10.0.0.1]',
    'http://public.example',
  ])
    assert.equal((await post({ issuer })).json().error.code, 'sso.provider-unreachable', issuer);
  const list = await jar.send('GET', '/api/tenants/alpha/sso');
  assert.ok(!list.body.includes(CLIENT.clientSecret));
  assert.equal(list.json().items[0].hasSecret, true);
  assert.deepEqual(list.json().provenDomains, ['alpha-corp.test', DOMAIN]);
  const { rows } = await sql<{ text: string }>`select c::text as text from control.sso_connection c`.execute(
    world.platform.database.control,
  );
  assert.ok(
    !rows
      .map(row => row.text)
      .join()
      .includes(CLIENT.clientSecret),
  );
});

test('a provider that is switched off or removed lets nobody in, and its sessions end', async () => {
  const { jar } = await signIn(newSubject());
  await change({ isEnabled: false });
  assert.equal((await openJar(world).send('POST', '/api/sso/start', { connectionId })).statusCode, 404);
  const admin = await adminJar();
  assert.equal((await admin.send('DELETE', `/api/tenants/alpha/sso/${connectionId}`)).statusCode, 204);
  assert.equal((await jar.send('GET', '/api/session')).statusCode, 401);
  assert.equal((await admin.send('GET', '/api/session')).statusCode, 200);
});
