import type { SignUpState, SignUpStep } from '@glacis/contract';
import { canonicalHostName, newId, UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { getPublicSuffix } from 'tldts';
import type { Origin } from '../identity/session.ts';
import { hashChosenPassword } from '../identity/breached-password.ts';
import { spendMailAllowance } from '../mail/allowance.ts';
import { queueMail, webLink } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { enterAccount } from '../tenancy/enter.ts';
import { isFeatureOn } from '../tenancy/features.ts';
import { hashOfLink, linkInvalid, newLink } from '../tenancy/links.ts';
import type { ControlTransaction } from '../tenancy/members.ts';
import { slugTaken } from '../tenancy/service.ts';
import { paymentsOf, type Payments } from './payment.ts';
import { listPlans, viewPlan, type PlanRow } from './plans.ts';
import { provision, type SignUpRow } from './provision.ts';

const LINK_HOURS = 24;
/** How long an order may wait: for the administrator's approval, or for its payment. */
const WAITING_HOURS = { manual: 30 * 24, stripe: 48 } as const;

/** Whether strangers may sign up here: switched on, and mails can be sent. */
export async function hasSignUp(platform: Platform): Promise<boolean> {
  return platform.smtp !== undefined && isFeatureOn(platform.database.query, platform, 'sign-up');
}

/**
 * Sends the link that a sign-up goes on with. The answer is the same for every address. @throws UserError when sign-up is
 * closed or too many were asked for.
 */
export async function startSignUp(platform: Platform, of: { email: string; address: string }): Promise<void> {
  if (!(await hasSignUp(platform))) throw closed();
  const email = of.email.toLowerCase();
  const { token, hash } = newLink();
  await platform.database.control.transaction().execute(async trx => {
    const query = platform.database.through(trx);
    await spendMailAllowance(query, { purpose: 'sign-up', recipient: email, address: of.address });
    await sql`insert into control.sign_up (id, email, token_hash, address, expires_at)
      values (${newId()}, ${email}, ${hash}, ${of.address}, now() + make_interval(hours => ${LINK_HOURS}::int))`.execute(
      trx,
    );
    await queueMail(query, platform, {
      to: email,
      purpose: 'sign-up',
      content: {
        subject: 'Your sign-up for Glacis',
        paragraphs: ['Somebody, hopefully you, signs up for Glacis with this address.'],
        action: { label: 'Go on', url: webLink(platform, '/sign-up', token) },
        closing: `The link works for ${LINK_HOURS} hours. If it was not you, ignore it.`,
      },
    });
  });
}

function closed(): UserError {
  return new UserError(
    'sign-up.closed',
    'This platform takes no sign-ups. Ask its administrator for an invitation.',
  );
}

const columns = sql`s.*, exists (select 1 from control.user_account u where u.email = s.email) as has_account,
  coalesce((select t.slug from control.tenant t where t.id = s.tenant_id), s.slug) as made_slug`;

/** How far a sign-up is. @throws UserError when its link does nothing any more. */
export async function lookAtSignUp(platform: Platform, token: string): Promise<SignUpState> {
  const { rows } = await sql<SignUpRow & { has_account: boolean; made_slug: string | null }>`
    select ${columns} from control.sign_up s
    where s.token_hash = ${hashOfLink(token)} and s.expires_at > now()`.execute(platform.database.control);
  const row = rows[0];
  if (!row) throw linkInvalid();
  return {
    email: row.email,
    state: row.state,
    hasAccount: row.has_account && !row.makes_account,
    slug: row.made_slug,
    plans: (await listPlans(platform.database, { isPublic: true })).map(viewPlan),
  };
}

/** What somebody chose. */
export interface SignUpChoice {
  readonly token: string;
  readonly organisation: string;
  readonly slug: string;
  readonly planId: string;
  readonly domain?: string | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * Notes what was chosen. A free plan makes the tenant now; one that costs leads to its payment, and the short name is kept
 * until then. @throws UserError
 */
export async function completeSignUp(platform: Platform, of: SignUpChoice): Promise<SignUpStep> {
  const known = await lookAtSignUp(platform, of.token);
  if (known.state === 'ready') return { state: 'ready', slug: known.slug ?? '' };
  if (!(await hasSignUp(platform))) throw closed();
  if (!known.hasAccount && (of.name === undefined || of.password === undefined)) {
    throw new UserError('request.invalid', 'A new account needs a name and a password.', {
      fields: {
        ...(of.name === undefined ? { name: 'Write your name.' } : {}),
        ...(of.password === undefined ? { password: 'Choose a password.' } : {}),
      },
    });
  }
  const domain = of.domain ? ownableDomain(of.domain) : null;
  const passwordHash = known.hasAccount ? null : await hashChosenPassword(of.password ?? '', platform);
  const payments = paymentsOf(platform);
  const chosen = await platform.database.control.transaction().execute(async trx => {
    const { rows: plans } = await sql<PlanRow>`select * from control.plan
      where id = ${of.planId} and is_public`.execute(trx);
    const plan = plans[0];
    if (!plan) throw new UserError('request.not-found', 'There is no such plan. Choose one of the list.');
    await keepSlug(trx, of.slug, hashOfLink(of.token));
    const isFree = plan.price_cents === 0;
    const row = await choose(trx, { ...of, domain, passwordHash, isFree, payment: payments.kind });
    const made = isFree ? await provision(platform, trx, row, plan.id) : undefined;
    return { plan, row, made };
  });
  if (chosen.made) return { state: 'ready', slug: chosen.made.slug };
  return pay(platform, payments, chosen.row, chosen.plan);
}

async function choose(
  trx: ControlTransaction,
  of: Omit<SignUpChoice, 'domain'> & {
    domain: string | null;
    passwordHash: string | null;
    isFree: boolean;
    payment: Payments['kind'];
  },
): Promise<SignUpRow> {
  const { rows } = await sql<SignUpRow>`update control.sign_up set plan_id = ${of.planId}, slug = ${of.slug},
      organisation = ${of.organisation}, person = ${of.name ?? ''}, password_hash = ${of.passwordHash},
      domain = ${of.domain}, state = ${of.payment === 'stripe' ? 'paying' : 'waiting'},
      expires_at = case when ${of.isFree} then expires_at
        else now() + make_interval(hours => ${WAITING_HOURS[of.payment]}::int) end
    where token_hash = ${hashOfLink(of.token)} and expires_at > now() and state <> 'ready' returning *`.execute(
    trx,
  );
  if (!rows[0]) throw linkInvalid();
  return rows[0];
}

/** @throws UserError when a tenant, or somebody who is paying, has the short name. */
async function keepSlug(trx: ControlTransaction, slug: string, ownHash: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(72, hashtext(${`slug ${slug}`}))`.execute(trx);
  const { rows } = await sql`select 1 from control.tenant where slug = ${slug}
    union all select 1 from control.sign_up where slug = ${slug} and expires_at > now() and state in ('paying', 'waiting')
      and token_hash <> ${ownHash}`.execute(trx);
  if (rows.length > 0) throw slugTaken();
}

/** The canonical name of a domain that somebody can own. @throws UserError */
function ownableDomain(text: string): string {
  const domain = canonicalHostName(text.trim());
  const isOwnable =
    domain !== undefined &&
    domain.includes('.') &&
    getPublicSuffix(domain, { allowPrivateDomains: true }) !== domain;
  if (isOwnable) return domain;
  const sentence = 'Write a domain of your own, like example.org, without https:// and path.';
  throw new UserError('target.not-a-domain', sentence, { fields: { domain: sentence } });
}

async function pay(
  platform: Platform,
  payments: Payments,
  row: SignUpRow,
  plan: PlanRow,
): Promise<SignUpStep> {
  if (row.checkout_id) await payments.abandon(row.checkout_id);
  // Without the secret of the sign-up, which the browser keeps: the provider stores these addresses.
  const url = webLink(platform, '/sign-up');
  const checkout = await payments.begin({
    reference: `sign-up:${row.id}`,
    plan: { ...viewPlan(plan), stripePrice: plan.stripe_price },
    email: row.email,
    successUrl: url,
    cancelUrl: url,
  });
  if (checkout.kind === 'by-hand') return { state: 'waiting' };
  await sql`update control.sign_up set checkout_id = ${checkout.id}
    where id = ${row.id} and state <> 'ready'`.execute(platform.database.control);
  return { state: 'pay', url: checkout.url };
}

/**
 * Ends a sign-up whose tenant is there: an account that was made with it is signed in, once. @throws UserError when it is not
 * ready or was entered before.
 */
export async function enterSignUp(
  platform: Platform,
  token: string,
  origin: Origin,
): Promise<{ slug: string; sessionSecret: string | undefined }> {
  const { rows } = await sql<{ slug: string; user_id: string; makes_account: boolean }>`
    delete from control.sign_up s using control.tenant t, control.user_account u
    where s.token_hash = ${hashOfLink(token)} and s.expires_at > now() and s.state = 'ready'
      and t.id = s.tenant_id and u.email = s.email
    returning t.slug, u.id as user_id, s.makes_account`.execute(platform.database.control);
  const entry = rows[0];
  if (!entry) throw linkInvalid();
  return {
    slug: entry.slug,
    sessionSecret: entry.makes_account ? await enterAccount(platform, entry.user_id, origin) : undefined,
  };
}
