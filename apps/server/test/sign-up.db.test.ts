import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTenantWithin, deliverMails, openMailTransport } from '@glacis/domain';
import {
  startMailServer,
  startStripeService,
  type MailServer,
  type StripeService,
} from '@glacis/domain/testing';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { createWorld, type World } from './world.ts';

let world: World;
let mails: MailServer;
let stripe: StripeService;
const plans = { free: newId(), team: newId(), large: newId() };
before(async () => {
  [mails, stripe] = await Promise.all([startMailServer(), startStripeService()]);
  world = await createWorld({
    smtp: { url: mails.url, from: 'Glacis <glacis@glacis.test>' },
    stripe: stripe.settings,
  });
  await world.platform.database.query('delete from control.plan where is_public');
  await world.platform.database.query(
    `insert into control.plan (id, name, price_cents, stripe_price, max_domains, is_public, position) values
     ($1, 'Free', 0, null, 1, true, 1), ($2, 'Team', 4900, null, 10, true, 2), ($3, 'Large', 19900, 'price_large', null, true, 3)`,
    [plans.free, plans.team, plans.large],
  );
});
after(() => Promise.all([world.close(), mails.close(), stripe.close()]));

const PASSWORD = 'correct horse battery';

async function post(url: string, payload: object, cookie?: string) {
  const response = await world.server.inject({
    method: 'POST',
    url,
    remoteAddress: `192.0.2.${1 + Math.floor(Math.random() * 250)}`,
    headers: cookie ? { cookie } : {},
    payload,
  });
  return {
    status: response.statusCode,
    json: response.body === '' ? undefined : response.json(),
    cookie: String(response.headers['set-cookie'] ?? '').split(';')[0] ?? '',
  };
}

async function deliver(event: { body: string; signature: string }): Promise<number> {
  const response = await world.server.inject({
    method: 'POST',
    url: '/api/payments/stripe',
    headers: { 'content-type': 'application/json', 'stripe-signature': event.signature },
    payload: event.body,
  });
  return response.statusCode;
}

async function tokenFor(email: string): Promise<string> {
  assert.equal((await post('/api/sign-up', { email })).status, 204);
  const { smtp } = world.platform;
  assert.ok(smtp);
  const transport = openMailTransport(smtp);
  await deliverMails(world.platform, transport);
  transport.close();
  return mails.received.findLast(mail => mail.to.includes(email))?.link?.split('#')[1] ?? '';
}

function choice(token: string, slug: string, planId: string, more: object = {}) {
  return {
    token,
    slug,
    planId,
    organisation: `The ${slug} company`,
    name: 'Founder',
    password: PASSWORD,
    domain: `${slug}.test`,
    ...more,
  };
}

async function tenantsNamed(slug: string) {
  const { rows } = await world.platform.database.query(
    `select t.id, t.slug, t.state, t.plan_id, s.subscription_id, s.status, s.is_ending from control.tenant t
     left join control.subscription s on s.tenant_id = t.id where t.slug like $1 order by t.slug`,
    [`${slug}%`],
  );
  return rows;
}

const checkoutOf = (url: string): string => url.split('/').at(-1) ?? '';

test('a free plan: mail, choice, tenant with key, admin and domain, and a session', async () => {
  const token = await tokenFor('free@start.test');
  const look = await post('/api/sign-up/look', { token });
  assert.deepEqual(
    look.json.plans.map((plan: { name: string }) => plan.name),
    ['Free', 'Team', 'Large'],
  );
  const done = await post('/api/sign-up/complete', choice(token, 'free-co', plans.free));
  assert.deepEqual(done.json, { state: 'ready', slug: 'free-co' });
  const entered = await post('/api/sign-up/enter', { token });
  assert.deepEqual(entered.json, { slug: 'free-co', isSignedIn: true });
  assert.equal((await post('/api/sign-up/enter', { token })).status, 404);
  const get = (path: string) =>
    world.server.inject({
      method: 'GET',
      url: `/api/tenants/free-co/${path}`,
      headers: { cookie: entered.cookie },
    });
  assert.deepEqual(
    (await get('targets')).json().items.map((target: { domain: string }) => target.domain),
    ['free-co.test'],
  );
  const use = (await get('plan')).json();
  assert.equal(use.plan.name, 'Free');
  assert.deepEqual(use.used, { domains: 1, scansToday: 0, users: 1 });
  assert.equal((await post('/api/session', { email: 'free@start.test', password: PASSWORD })).status, 200);
});

test('names that are reserved, taken or malformed, and domains nobody owns, are refused in the form', async () => {
  const token = await tokenFor('names@start.test');
  for (const slug of ['admin', 'api', 'www', 'ab', '-x-', 'a--b', 'a_b', 'a'.repeat(41), 'xn--caf-dma']) {
    const { status, json } = await post('/api/sign-up/complete', choice(token, slug, plans.free));
    assert.equal(status, 400, slug);
    assert.ok(json.error.fields.slug, slug);
  }
  const taken = await post('/api/sign-up/complete', choice(token, 'alpha', plans.free));
  assert.equal(taken.json.error.code, 'tenant.slug-taken');
  assert.ok(taken.json.error.fields.slug);
  for (const domain of ['co.uk', 'https://x.test/', 'localhost']) {
    const { json } = await post('/api/sign-up/complete', choice(token, 'fine-name', plans.free, { domain }));
    assert.equal(json.error.code, 'target.not-a-domain', domain);
  }
  assert.deepEqual(await tenantsNamed('fine-name'), []);
});

test('a plan that costs: the tenant is there when it is paid, once, however often it is told', async () => {
  const token = await tokenFor('paid@start.test');
  const { json } = await post('/api/sign-up/complete', choice(token, 'paid-co', plans.team));
  assert.equal(json.state, 'pay');
  const id = checkoutOf(json.url);
  const session = stripe.checkouts.get(id);
  assert.equal(session?.['amount'], '4900');
  assert.ok(!JSON.stringify(session).includes(token), 'the provider does not learn the secret');
  assert.match(String(session?.['success_url']), /^https:\/\/glacis\.test\/sign-up$/);
  const other = await tokenFor('other@start.test');
  const blocked = await post('/api/sign-up/complete', choice(other, 'paid-co', plans.free));
  assert.equal(blocked.json.error.code, 'tenant.slug-taken', 'the name is kept while it is paid for');
  const early = stripe.event('checkout.session.completed', session);
  assert.equal(await deliver(early), 200);
  assert.deepEqual(await tenantsNamed('paid-co'), [], 'what an event says is not believed');
  const subscription = stripe.pay(id);
  const event = stripe.event('checkout.session.completed', session);
  const answers = await Promise.all([
    deliver(event),
    deliver(event),
    deliver(stripe.event('checkout.session.completed', session)),
    deliver(stripe.event('customer.subscription.created', stripe.subscriptions.get(subscription))),
  ]);
  assert.deepEqual(answers, [200, 200, 200, 200]);
  assert.equal(await deliver(event), 200);
  const made = await tenantsNamed('paid-co');
  assert.equal(made.length, 1);
  assert.equal(made[0]?.['plan_id'], plans.team);
  assert.equal(made[0]['subscription_id'], subscription);
  assert.equal((await post('/api/sign-up/look', { token })).json.state, 'ready');
  assert.deepEqual((await post('/api/sign-up/enter', { token })).json, { slug: 'paid-co', isSignedIn: true });
});

test('signatures: missing, wrong, of another secret and too old are refused; a foreign event is acknowledged', async () => {
  const { body, signature } = stripe.event('checkout.session.completed', { id: 'cs_none' });
  const old = Math.floor(Date.now() / 1000) - 400;
  assert.equal(await deliver({ body, signature: '' }), 400);
  assert.equal(await deliver({ body: `${body} `, signature }), 400);
  assert.equal(await deliver(stripe.event('x', { id: 'a' }, { secret: 'whsec_other_secret' })), 400);
  assert.equal(await deliver(stripe.event('x', { id: 'a' }, { at: old })), 400);
  assert.equal(await deliver(stripe.event('radar.early_fraud_warning.created', { id: 'a' })), 200);
  const { rows } = await world.platform.database.query(
    `select type from control.payment_event where type like 'radar%' or type = 'x'`,
  );
  assert.deepEqual(rows, [{ type: 'radar.early_fraud_warning.created' }]);
});

test('events out of order end in what the provider holds; a lost subscription falls to the free plan', async () => {
  const token = await tokenFor('order@start.test');
  const { json } = await post('/api/sign-up/complete', choice(token, 'order-co', plans.large));
  const id = checkoutOf(json.url);
  const sub = stripe.pay(id);
  const object = () => stripe.subscriptions.get(sub);
  assert.equal(
    await deliver(stripe.event('customer.subscription.updated', object())),
    200,
    'before its checkout',
  );
  assert.equal(await deliver(stripe.event('checkout.session.completed', stripe.checkouts.get(id))), 200);
  const late = stripe.event('customer.subscription.updated', object());
  stripe.change(sub, { status: 'past_due', cancel_at_period_end: true });
  await deliver(
    stripe.event('invoice.payment_failed', {
      id: 'in_1',
      parent: { subscription_details: { subscription: sub } },
    }),
  );
  await deliver(late);
  const [due] = await tenantsNamed('order-co');
  assert.deepEqual([due?.['status'], due?.['is_ending'], due?.['plan_id']], ['past_due', true, plans.large]);
  stripe.change(sub, { status: 'canceled' });
  const gone = stripe.event('customer.subscription.deleted', object());
  await Promise.all([
    deliver(gone),
    deliver(gone),
    deliver(stripe.event('customer.subscription.updated', object())),
  ]);
  const [ended] = await tenantsNamed('order-co');
  assert.deepEqual([ended?.['state'], ended?.['plan_id']], ['active', plans.free]);
});

test('a failure of the provider leaves no trace, and the next call makes it good', async () => {
  const token = await tokenFor('retry@start.test');
  const { json } = await post('/api/sign-up/complete', choice(token, 'retry-co', plans.team));
  const id = checkoutOf(json.url);
  stripe.pay(id);
  const event = stripe.event('checkout.session.completed', stripe.checkouts.get(id));
  stripe.setDown(true);
  assert.equal(await deliver(event), 503);
  stripe.setDown(false);
  assert.deepEqual(await tenantsNamed('retry-co'), []);
  assert.equal(await deliver(event), 200);
  assert.equal((await tenantsNamed('retry-co')).length, 1);
});

test('who has paid gets a tenant even when the name was taken meanwhile', async () => {
  const token = await tokenFor('late@start.test');
  const { json } = await post('/api/sign-up/complete', choice(token, 'late-co', plans.team));
  const { database, masterKey } = world.platform;
  await database.control
    .transaction()
    .execute(trx => createTenantWithin(database, trx, masterKey, { slug: 'late-co', name: 'Quicker' }));
  const id = checkoutOf(json.url);
  stripe.pay(id);
  assert.equal(await deliver(stripe.event('checkout.session.completed', stripe.checkouts.get(id))), 200);
  assert.deepEqual(
    (await tenantsNamed('late-co')).map(row => row['slug']),
    ['late-co', 'late-co-2'],
  );
});

test('another plan through a checkout of its own; the one before is not paid on', async () => {
  const token = await tokenFor('switch@start.test');
  const { json } = await post('/api/sign-up/complete', choice(token, 'switch-co', plans.team));
  const first = stripe.pay(checkoutOf(json.url));
  await deliver(stripe.event('checkout.session.completed', stripe.checkouts.get(checkoutOf(json.url))));
  const { cookie } = await post('/api/sign-up/enter', { token });
  const path = '/api/tenants/switch-co/plan';
  const next = await post(`${path}/checkout`, { planId: plans.large }, cookie);
  const session = stripe.checkouts.get(checkoutOf(next.json.url));
  assert.equal(session?.['price'], 'price_large');
  assert.equal(session['customer'], stripe.subscriptions.get(first)?.['customer']);
  const second = stripe.pay(session.id);
  assert.equal(await deliver(stripe.event('checkout.session.completed', session)), 200);
  assert.equal(stripe.subscriptions.get(first)?.['status'], 'canceled');
  await deliver(stripe.event('customer.subscription.deleted', stripe.subscriptions.get(first)));
  const [row] = await tenantsNamed('switch-co');
  assert.deepEqual([row?.['plan_id'], row?.['subscription_id']], [plans.large, second]);
  assert.match((await post(`${path}/portal`, {}, cookie)).json.url, /^https:\/\/portal/);
  for (const domain of ['two', 'three'])
    await post('/api/tenants/switch-co/targets', { domain: `${domain}.switch-co.test` }, cookie);
  const small = await post(`${path}/checkout`, { planId: plans.free }, cookie);
  assert.match(small.json.error.message, /3 domains \(1 allowed\)/);
});

test('an address with an account gets its tenant without a password, and signs in as ever', async () => {
  const token = await tokenFor('observer@alpha.test');
  assert.equal((await post('/api/sign-up/look', { token })).json.hasAccount, true);
  const { name: _n, password: _p, ...rest } = choice(token, 'second-co', plans.free);
  assert.equal((await post('/api/sign-up/complete', rest)).json.state, 'ready');
  const entered = await post('/api/sign-up/enter', { token });
  assert.deepEqual(entered.json, { slug: 'second-co', isSignedIn: false });
  assert.equal(entered.cookie, '');
});

test('a tenant is whole or not there: a connection that dies in between leaves nothing', async () => {
  const { database, masterKey } = world.platform;
  const half = database.control.transaction().execute(async trx => {
    await createTenantWithin(database, trx, masterKey, {
      slug: 'half-co',
      name: 'Half',
      domain: 'half.test',
      admin: { email: 'half@start.test', name: 'Half' },
    });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
    await database.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await sql`select 1`.execute(trx);
  });
  await assert.rejects(half);
  const { rows } = await database.query(`select
    (select count(*)::int from control.tenant where slug = 'half-co') as tenants,
    (select count(*)::int from control.user_account where email = 'half@start.test') as accounts,
    (select count(*)::int from pg_namespace n where nspname ~ '^t_[0-9a-f]{32}$' and not exists
      (select 1 from control.tenant t where 't_' || replace(t.id::text, '-', '') = n.nspname)) as schemas`);
  assert.deepEqual([rows[0]?.['tenants'], rows[0]?.['accounts'], rows[0]?.['schemas']], [0, 0, 0]);
});

test('sign-up that is switched off says so', async () => {
  const { database } = world.platform;
  await database.query(`insert into control.feature_switch (feature, is_on) values ('sign-up', false)`);
  const { json } = await post('/api/sign-up', { email: 'closed@start.test' });
  assert.equal(json.error.code, 'sign-up.closed');
  const info = await world.server.inject({ method: 'GET', url: '/api/info' });
  assert.deepEqual(info.json(), { hasSignUp: false, hasMail: true, plans: [] });
  await database.query('delete from control.feature_switch');
});
