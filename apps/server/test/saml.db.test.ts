import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  encoded,
  newRsaCertificate,
  SamlProvider,
  type SamlRequest,
  type Saying,
} from '@glacis/app-practice-net/testing';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { openJar, type Jar } from './browser-jar.ts';
import { provisionerOf, scimUrl } from './provisioning.ts';
import { wrappings } from './saml-wrapping.ts';
import { createWorld, type Surface, type World } from './world.ts';

let world: World;
let connectionId: string;
const provider = new SamlProvider('https://idp.alpha.test');
const DOMAIN = 'alpha.test';
const EMAIL = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress';

before(async () => {
  world = await createWorld();
  mkdirSync(world.webFolder, { recursive: true });
  writeFileSync(
    join(world.webFolder, 'index.html'),
    '<!doctype html><head><title>x</title></head><body></body>',
  );
  await prove(world.alpha, DOMAIN);
  const made = await (await adminJar()).send('POST', '/api/tenants/alpha/sso', request());
  assert.equal(made.statusCode, 201, made.body);
  connectionId = made.json().id;
});
after(() => world.close());

function request(changes: object = {}): object {
  return {
    kind: 'saml',
    name: 'Alpha’s people',
    isEnabled: true,
    domains: [DOMAIN],
    defaultRole: 'observer',
    groupsClaim: 'groups',
    groupRoles: [{ group: 'operators', role: 'operator' }],
    provider: {
      issuer: provider.issuer,
      signOnUrl: provider.signOnUrl,
      certificates: [provider.certificatePem],
    },
    emailAttribute: null,
    ...changes,
  };
}
async function adminJar(of: Surface = world.alpha): Promise<Jar> {
  return openJar(world, await world.signIn(of.users.admin));
}
async function change(changes: object, id = connectionId): Promise<void> {
  const answer = await (await adminJar()).send('PUT', `/api/tenants/alpha/sso/${id}`, request(changes));
  assert.equal(answer.statusCode, 200, answer.body);
}
async function prove(of: Surface, domain: string): Promise<void> {
  await sql`insert into control.domain_claim (tenant_id, target_id, domain, method, proven_at, check_due_at)
    values (${of.tenant}, ${newId()}, ${domain}, 'dns', now(), now() + interval '1 day')`.execute(
    world.platform.database.control,
  );
}
async function start(jar: Jar, of: { next?: string; id?: string } = {}): Promise<SamlRequest> {
  const { next, id = connectionId } = of;
  const answer = await jar.send('POST', '/api/sso/start', { connectionId: id, ...(next ? { next } : {}) });
  assert.equal(answer.statusCode, 200, answer.body);
  const url: string = answer.json().url;
  assert.ok(url.startsWith(`${provider.signOnUrl}?`), url);
  assert.equal(new URL(url).searchParams.has('RelayState'), false);
  return provider.request(url);
}
/** Brings an answer as a browser does: from the provider’s page to the platform, and from its page to the API. */
async function bring(jar: Jar, xml: string, id = connectionId) {
  const page = await world.server.inject({
    method: 'POST',
    url: `/sign-in/saml/${id}`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://idp.alpha.test',
      'sec-fetch-site': 'cross-site',
    },
    payload: new URLSearchParams({ SAMLResponse: encoded(xml), RelayState: 'https://evil.test/' }).toString(),
  });
  assert.equal(page.statusCode, 200, page.body);
  assert.equal(page.headers['set-cookie'], undefined);
  assert.ok(!page.body.includes('evil.test'), 'nothing of RelayState is in the page');
  const [, answer = ''] = /<meta name="saml-answer" content="([A-Za-z0-9+/=]+)" \/>/.exec(page.body) ?? [];
  return jar.send('POST', '/api/sso/saml/complete', { connectionId: id, answer });
}
const person = (name = newId()): Partial<Saying> => ({
  nameId: name,
  attributes: { [EMAIL]: `${name}@${DOMAIN}` },
});

/** A whole sign-in, with what the provider says changed, and its answer changed after it was signed. */
async function signIn(
  saying: Partial<Saying> | ((to: SamlRequest) => Partial<Saying>) = {},
  twist: (xml: string) => string = xml => xml,
  next?: string,
) {
  const jar = openJar(world);
  const to = await start(jar, next === undefined ? {} : { next });
  const said = typeof saying === 'function' ? saying(to) : saying;
  const xml = twist(provider.answer(to, { ...person(), ...said }));
  return { jar, xml, answer: await bring(jar, xml) };
}
async function refused(...of: Parameters<typeof signIn>): Promise<void> {
  const { jar, answer } = await signIn(...of);
  assert.equal(answer.statusCode, 403, answer.body);
  assert.equal(answer.json().error.code, 'sso.refused');
  assert.equal(jar.cookies.has('glacis_session'), false);
}
async function roleOf(email: string): Promise<string | null | undefined> {
  const { rows } = await sql<{ role: string | null }>`select m.role from control.user_account u
    left join control.membership m on m.user_id = u.id and m.tenant_id = ${world.alpha.tenant}
    where u.email = ${email}`.execute(world.platform.database.control);
  return rows[0]?.role;
}

test('a person comes in for the first time, becomes a member, and is the same one the next time', async () => {
  const who = person();
  const { jar, answer } = await signIn(who, undefined, '/t/alpha/findings?severity=high');
  assert.equal(answer.statusCode, 200, answer.body);
  assert.deepEqual(answer.json(), { next: '/t/alpha/findings?severity=high' });
  const session = (await jar.send('GET', '/api/session')).json();
  assert.deepEqual(
    session.tenants.map((tenant: { slug: string; role: string }) => [tenant.slug, tenant.role]),
    [['alpha', 'observer']],
  );
  assert.equal((await jar.send('GET', '/api/tenants/alpha/assets')).statusCode, 200);
  const password = { password: 'correct horse battery' };
  assert.equal((await jar.send('PUT', '/api/session/password', password)).statusCode, 403);
  const again = await signIn({ ...who, attributes: { [EMAIL]: `renamed@${DOMAIN}` } });
  assert.equal((await again.jar.send('GET', '/api/session')).json().user.id, session.user.id);
});

test('whatever a provider may sign, and how it may name people, is understood', async () => {
  const cases: Partial<Saying>[] = [
    { signs: ['assertion', 'response'] },
    { hash: 'sha512' },
    { nameId: `Named@${DOMAIN}`, attributes: {}, nameIdMarkup: `Named@${DOMAIN}` },
    { attributes: { mail: `by-mail@${DOMAIN}` } },
  ];
  for (const saying of cases) {
    const { answer } = await signIn(saying);
    assert.equal(answer.statusCode, 200, `${JSON.stringify(saying)} ${answer.body}`);
  }
  assert.equal(await roleOf(`named@${DOMAIN}`), 'observer');
  const grouped = person();
  await signIn({ ...grouped, attributes: { ...grouped.attributes, groups: ['everybody', 'operators'] } });
  assert.equal(await roleOf(`${grouped.nameId}@${DOMAIN}`), 'operator');
  await change({ emailAttribute: 'upn' });
  const chosen = newId();
  const { answer } = await signIn({
    nameId: chosen,
    attributes: { [EMAIL]: 'x@elsewhere.test', upn: `${chosen}@${DOMAIN}` },
  });
  assert.equal(answer.statusCode, 200, answer.body);
  await change({});
});

test('nobody comes in by an address outside of the proven domains, or by several', async () => {
  const withEmail = (email: string | string[]) => refused({ attributes: { [EMAIL]: email } });
  await withEmail('admin@beta.test');
  await withEmail(`admin@${DOMAIN}.evil.test`);
  await withEmail(`admin@sub.${DOMAIN}`);
  await withEmail([`one@${DOMAIN}`, `two@${DOMAIN}`]);
  await withEmail(`evil@evil.test&lt;admin@${DOMAIN}&gt;`);
  await refused({ attributes: {} });
});

test('whom provisioning has deactivated cannot come back by signing in', async () => {
  const who = person();
  const { jar } = await signIn(who);
  const token = await provisionerOf(world, world.alpha);
  const send = (method: 'POST' | 'PATCH', path: string, payload: object) =>
    world.server.inject({
      method,
      url: scimUrl(world.alpha, path),
      headers: { authorization: `Bearer ${token}` },
      payload,
    });
  const made = await send('POST', '/Users', { userName: `${who.nameId}@${DOMAIN}` });
  assert.equal(made.statusCode, 201, made.body);
  const off = { Operations: [{ op: 'Replace', path: 'active', value: 'False' }] };
  assert.equal((await send('PATCH', `/Users/${made.json().id}`, off)).statusCode, 200);
  assert.equal((await jar.send('GET', '/api/session')).statusCode, 401, 'the session has ended');
  await refused(who);
  assert.equal(await roleOf(`${who.nameId}@${DOMAIN}`), null, 'no member any more');
  const never = person();
  await send('POST', '/Users', { userName: `${never.nameId}@${DOMAIN}`, active: false });
  await refused(never);
  assert.equal(await roleOf(`${never.nameId}@${DOMAIN}`), undefined);
});

test('what is not signed by the provider, or not as it must be, is refused', async () => {
  const other = newRsaCertificate();
  await refused({ signs: [] });
  await refused({ signs: ['response'] });
  await refused({ keyPem: other.keyPem });
  await refused({ hash: 'sha1' });
  await refused({ signs: ['assertion', 'response'], hash: 'sha1' });
  const stripped = (xml: string) => xml.replace(/<ds:Signature .*<\/ds:Signature>/s, '');
  await refused({}, stripped);
  await refused({}, xml => xml.replace(/(<ds:SignatureValue>)[^<]{20}/, '$1AAAAAAAAAAAAAAAAAAAA'));
  await refused({}, xml => xml.replace(/(<ds:DigestValue>)[^<]*/, '$1'));
  await refused({}, xml => xml.replace('</ds:SignedInfo>', '<ds:Reference URI=""/></ds:SignedInfo>'));
  await refused({}, xml => xml.replace(/ URI="#[^"]*"/, ' URI=""'));
});

test('what was changed after it was signed is refused', async () => {
  const admin = `admin@${DOMAIN}`;
  await refused({}, xml => xml.replace(/(<saml:AttributeValue>)[^<]*/, `$1${admin}`));
  await refused({}, xml => xml.replace(/(<saml:NameID[^>]*>)[^<]*/, `$1admin`));
  await refused({}, xml => xml.replace(/Recipient="[^"]*"/, `Recipient="https://evil.test/"`));
  const named = (markup: string) => ({ nameId: 'x', nameIdMarkup: markup, attributes: {} });
  const inserted = (what: string) => (xml: string) =>
    xml.replace(`${admin}.evil.test`, `${admin}${what}.evil.test`);
  await refused(named(`${admin}.evil.test`), inserted('<!-- -->'));
  await refused(named(`${admin}.evil.test`), inserted('<![CDATA[]]>'));
  await refused(named(`${admin}.evil.test`), inserted('<?x ?>'));
  await refused(named(`${admin}<!-- -->.evil.test`));
  await refused(named(`${admin}<saml:x xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>.evil.test`));
});

test('a signed part that is moved aside so that another is read is refused (signature wrapping)', async () => {
  const victim = (await signIn()).jar;
  assert.ok(victim.cookies.has('glacis_session'));
  for (const [name, wrap] of Object.entries(wrappings)) {
    for (const signs of [['assertion'], ['assertion', 'response']] as const) {
      let wasChanged = false;
      const twist = (xml: string) => {
        const wrapped = wrap(xml, `admin@${DOMAIN}`);
        wasChanged = wrapped !== xml && wrapped.includes(`>admin@${DOMAIN}<`);
        return wrapped;
      };
      await refused({ signs: [...signs] }, twist);
      assert.ok(wasChanged, name);
    }
  }
  assert.notEqual(await roleOf(`admin@${DOMAIN}`), 'observer');
});

test('entities, document types, too much and what is no XML are refused at once', async () => {
  const bomb = `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">${[...'bcdefgh']
    .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefg'[index]};`.repeat(10)}">`)
    .join('')}]>`;
  await refused({}, xml => bomb + xml.replace(/(<saml:NameID[^>]*>)[^<]*/, '$1&h;'));
  await refused({}, xml => `<!DOCTYPE r SYSTEM "file:///etc/passwd">${xml}`);
  await refused({}, xml => xml.replace('<saml:Issuer>', '<saml:Issuer>&unknown;'));
  await refused({}, xml =>
    xml.replace('</samlp:Response>', `${'<a>'.repeat(9000)}${'</a>'.repeat(9000)}</samlp:Response>`),
  );
  await refused({}, xml =>
    xml.replace(
      '</samlp:Response>',
      `<a ${[...Array(9000).keys()].map(n => `a${n}=">"`).join(' ')}/></samlp:Response>`,
    ),
  );
  await refused({}, () => 'no xml');
  await refused({}, () => '<a/>');
});

test('who comes with what is no answer sees a page and not the words of a program', async () => {
  const post = (payload: string, kind = 'application/x-www-form-urlencoded') =>
    world.server.inject({
      method: 'POST',
      url: `/sign-in/saml/${connectionId}`,
      headers: { 'content-type': kind },
      payload,
    });
  const seen = async (payload: string, kind?: string) => {
    const page = await post(payload, kind);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    assert.match(page.body, /^<!doctype html>/);
    assert.ok(!page.body.includes('saml-answer') && !page.body.includes('alert(1)'), page.body);
    return page.statusCode;
  };
  assert.equal(await seen('SAMLResponse=%22%3E%3Cscript%3Ealert(1)%3C/script%3E'), 400);
  assert.equal(await seen('SAMLResponse='), 400);
  assert.equal(await seen('alert(1)=alert(1)'), 400);
  assert.equal(await seen(`SAMLResponse=${'A'.repeat(300 * 1024)}`), 400);
  assert.equal(await seen(`SAMLResponse=${'A'.repeat(600 * 1024)}`), 413);
  assert.equal(await seen('{"SAMLResponse":"QQ=="}', 'application/json'), 415);
});

test('an assertion that is meant for others, another time or another request is refused', async () => {
  await refused({ audiences: ['https://other.test'] });
  await refused({ audiences: [] });
  await refused({ audiences: null });
  await refused(to => ({ audiences: [to.issuer, 'https://other.test'] }));
  await refused({ destination: 'https://other.test/acs' });
  await refused({ destination: '' });
  await refused({ recipient: 'https://other.test/acs' });
  await refused({ issuer: 'https://other.test' });
  await refused({ notBefore: Date.now() + 120_000 });
  await refused({ notOnOrAfter: Date.now() - 120_000 });
  await refused({ issuedAt: Date.now() - 3_600_000, notOnOrAfter: Date.now() + 86_400_000 });
  await refused({ inResponseTo: undefined });
  await refused(to => ({ inResponseTo: to.id, confirmedFor: undefined }));
  await refused({ inResponseTo: '_another', confirmedFor: '_another' });
  await refused(to => ({ inResponseTo: to.id, confirmedFor: '_another' }));
  await refused({ status: 'urn:oasis:names:tc:SAML:2.0:status:AuthnFailed' });
  await refused({ nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' });
  const skewed = await signIn({ notBefore: Date.now() + 30_000 });
  assert.equal(skewed.answer.statusCode, 200, skewed.answer.body);
});

test('an answer counts once, in the browser that asked, for the request that it answers', async () => {
  const jar = openJar(world);
  const xml = provider.answer(await start(jar), person());
  const cookies = new Map(jar.cookies);
  const elsewhere = openJar(world);
  assert.equal((await bring(elsewhere, xml)).json().error.code, 'auth.flow-expired', 'login CSRF');
  await start(elsewhere);
  assert.equal(
    (await bring(elsewhere, xml)).json().error.code,
    'sso.refused',
    'the request of another browser',
  );
  assert.equal((await bring(jar, xml)).statusCode, 200);
  for (const [name, value] of cookies) jar.cookies.set(name, value);
  assert.equal((await bring(jar, xml)).json().error.code, 'auth.flow-expired', 'replay');
});

test('an assertion counts once, even where the request is there again', async () => {
  const jar = openJar(world);
  const to = await start(jar);
  const assertionId = `_${newId()}`;
  assert.equal((await bring(jar, provider.answer(to, { ...person(), assertionId }))).statusCode, 200);
  const again = openJar(world);
  const second = await start(again);
  assert.equal(
    (await bring(again, provider.answer(second, { ...person(), assertionId }))).json().error.code,
    'sso.refused',
  );
});

test('the answer of one connection is not taken for another, of this tenant or of another', async () => {
  await prove(world.beta, 'beta.test');
  const made = await (await adminJar()).send('POST', '/api/tenants/alpha/sso', request());
  const second: string = made.json().id;
  const foreign = await (
    await adminJar(world.beta)
  ).send('POST', '/api/tenants/beta/sso', request({ domains: ['beta.test'] }));
  for (const id of [second, foreign.json().id]) {
    const jar = openJar(world);
    const to = await start(jar);
    assert.equal((await bring(jar, provider.answer(to, person()), id)).json().error.code, 'sso.refused');
    // The other way round: what was said to the first one, in a sign-in by the other.
    const other = openJar(world);
    const asked = await start(other, { id });
    const first = { ...asked, issuer: to.issuer, acs: to.acs };
    assert.equal((await bring(other, provider.answer(first, person()), id)).json().error.code, 'sso.refused');
  }
  await (await adminJar()).send('DELETE', `/api/tenants/alpha/sso/${second}`);
});

test('while a provider changes its key both certificates count, and afterwards only the new one', async () => {
  const next = newRsaCertificate();
  const both = { issuer: provider.issuer, signOnUrl: provider.signOnUrl };
  await change({ provider: { ...both, certificates: [provider.certificatePem, next.certificatePem] } });
  assert.equal((await signIn()).answer.statusCode, 200);
  assert.equal((await signIn({ keyPem: next.keyPem })).answer.statusCode, 200);
  await change({ provider: { ...both, certificates: [next.certificatePem] } });
  await refused({});
  assert.equal((await signIn({ keyPem: next.keyPem })).answer.statusCode, 200);
  await change({});
});

test('the page afterwards is one of the tenant', async () => {
  for (const next of ['https://evil.test/', '//evil.test/t/alpha', '/t/beta/assets', 'javascript:alert(1)'])
    assert.equal((await signIn({}, undefined, next)).answer.json().next, '/t/alpha', next);
});

test('an admin sets a provider up: by its metadata, or first for the provider’s side', async () => {
  const jar = await adminJar();
  const post = (changes: object) => jar.send('POST', '/api/tenants/alpha/sso', request(changes));
  const read = await jar.send('POST', '/api/tenants/alpha/sso/saml-metadata', { xml: provider.metadata() });
  assert.equal(read.statusCode, 200, read.body);
  assert.equal(read.json().issuer, provider.issuer);
  assert.equal(read.json().signOnUrl, provider.signOnUrl);
  assert.equal(read.json().certificates.length, 1);
  const bad = await jar.send('POST', '/api/tenants/alpha/sso/saml-metadata', {
    xml: `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${provider.metadata()}`,
  });
  assert.equal(bad.json().error.code, 'sso.saml-provider-invalid');
  assert.equal((await post({ provider: null })).json().error.code, 'sso.saml-provider-invalid');
  const draft = await post({ provider: null, isEnabled: false });
  assert.equal(draft.statusCode, 201, draft.body);
  const { id, entityId, redirectUri } = draft.json();
  const metadata = await openJar(world).send('GET', `/api/sso/saml/${id}/metadata`);
  assert.equal(metadata.statusCode, 200);
  assert.ok(
    metadata.body.includes(`entityID="${entityId}"`) && metadata.body.includes(`Location="${redirectUri}"`),
  );
  assert.equal((await openJar(world).send('POST', '/api/sso/start', { connectionId: id })).statusCode, 404);
  assert.equal((await openJar(world).send('GET', `/api/sso/saml/${newId()}/metadata`)).statusCode, 404);
  const own = {
    issuer: provider.issuer,
    signOnUrl: provider.signOnUrl,
    certificates: [provider.certificatePem],
  };
  for (const part of [
    { signOnUrl: 'http://idp.alpha.test/' },
    { certificates: ['no certificate'] },
    { certificates: [newRsaCertificate(1024).certificatePem] },
  ])
    assert.equal(
      (await post({ provider: { ...own, ...part } })).json().error.code,
      'sso.saml-provider-invalid',
    );
  assert.equal((await post({ domains: ['beta.test'] })).json().error.code, 'sso.domain-not-proven');
  await jar.send('DELETE', `/api/tenants/alpha/sso/${id}`);
});

test('the policy of the tenant knows this way to sign in, and counts it as having its own factors', async () => {
  const { jar } = await signIn();
  const set = (allowedMethods: string[]) =>
    sql`insert into control.sign_in_policy (tenant_id, requires_second_factor, allowed_methods)
      values (${world.alpha.tenant}, true, ${allowedMethods})
      on conflict (tenant_id) do update set allowed_methods = excluded.allowed_methods`.execute(
      world.platform.database.control,
    );
  await set(['saml']);
  assert.equal((await jar.send('GET', '/api/tenants/alpha/assets')).statusCode, 200);
  await set(['oidc']);
  assert.equal((await jar.send('GET', '/api/tenants/alpha/assets')).json().error.code, 'auth.policy');
  await sql`delete from control.sign_in_policy`.execute(world.platform.database.control);
});

test('the admins of the tenant see in their chain who came by it, and why somebody did not', async () => {
  const who = person();
  const { jar } = await signIn(who);
  await jar.send('GET', '/api/tenants/alpha/assets');
  await jar.send('GET', '/api/tenants/alpha/scans');
  const { answer } = await signIn({ hash: 'sha1' });
  await world.platform.audit.flush();
  const admin = await adminJar();
  const records = async (action: string) =>
    (await admin.send('GET', `/api/tenants/alpha/audit?action=${action}&q=${who.nameId}`)).json().items;
  const [came] = await records('session.start-by-saml');
  assert.deepEqual([came.outcome, came.actor.name], ['succeeded', `${who.nameId}@${DOMAIN}`]);
  assert.deepEqual(came.subject, { kind: 'sso', id: connectionId });
  const entered = await records('tenant.enter');
  assert.equal(entered.length, 1, 'once for each session');
  assert.equal(entered[0].detail.methods, 'saml');
  assert.equal(entered[0].address, '127.0.0.1');
  const { items } = (
    await admin.send('GET', '/api/tenants/alpha/audit?action=session.start-by-saml&outcome=refused&q=sha1')
  ).json();
  assert.equal(items[0].code, 'sso.refused');
  assert.equal(answer.json().error.code, 'sso.refused');
  const beta = await adminJar(world.beta);
  const foreign = await beta.send('GET', '/api/tenants/beta/audit?action=session');
  assert.ok(!foreign.body.includes(String(who.nameId)));
  assert.equal((await admin.send('GET', '/api/tenants/alpha/audit/verification')).json().isIntact, true);
});

test('a provider that is switched off or removed lets nobody in, and its sessions end', async () => {
  const { jar } = await signIn();
  await change({ isEnabled: false });
  assert.equal((await openJar(world).send('POST', '/api/sso/start', { connectionId })).statusCode, 404);
  const admin = await adminJar();
  assert.equal((await admin.send('DELETE', `/api/tenants/alpha/sso/${connectionId}`)).statusCode, 204);
  assert.equal((await jar.send('GET', '/api/session')).statusCode, 401);
});
