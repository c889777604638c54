import type { InvitationView, Role } from '@glacis/contract';
import { newId, UserError, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { assertUsersWithinPlan } from '../billing/limits.ts';
import type { Person } from '../identity/caller.ts';
import { notFound } from '../http/caller.ts';
import type { Origin } from '../identity/session.ts';
import { hashChosenPassword } from '../identity/breached-password.ts';
import type { MailContent } from '../mail/compose.ts';
import { queueMail, webLink } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { enterAccount } from './enter.ts';
import { hashOfLink, linkInvalid, newLink } from './links.ts';
import { lockTenant, viewInvitation, type ControlTransaction, type InvitationRow } from './members.ts';

const INVITATION_DAYS = 7;

/** A new invitation; `link` only when no mail could be sent. */
export interface InvitationMade {
  readonly invitation: InvitationView;
  readonly link: string | null;
}

/**
 * Invites an address. One that was invited before gets a new link in place of the old one.
 * @throws UserError when it belongs here already, or the plan is full.
 */
export async function invite(
  platform: Platform,
  of: { tenant: TenantId; email: string; role: Role; by: Person },
): Promise<InvitationMade> {
  const email = of.email.toLowerCase();
  return platform.database.control.transaction().execute(async trx => {
    await lockTenant(trx, of.tenant);
    const { rows: members } = await sql`select 1 from control.membership m
      join control.user_account u on u.id = m.user_id
      where m.tenant_id = ${of.tenant} and u.email = ${email}`.execute(trx);
    if (members.length > 0) {
      throw new UserError('member.exists', `${email} is a member already.`, {
        fields: { email: 'This address is a member already.' },
      });
    }
    await sql`delete from control.invitation where tenant_id = ${of.tenant} and email = ${email}`.execute(
      trx,
    );
    await assertUsersWithinPlan(platform.database.through(trx), of.tenant, 'invitations');
    return inviteWithin(platform, trx, { ...of, email });
  });
}

/** Writes an invitation to a lower-case address that has none, and queues its mail. */
export async function inviteWithin(
  platform: Platform,
  trx: ControlTransaction,
  of: { tenant: TenantId; email: string; role: Role; by: Pick<Person, 'userId'> },
): Promise<InvitationMade> {
  const { token, hash } = newLink();
  const { rows } = await sql<InvitationRow & { tenant: string }>`
    with made as (insert into control.invitation (id, tenant_id, email, role, token_hash, invited_by, expires_at)
      values (${newId()}, ${of.tenant}, ${of.email}, ${of.role}, ${hash}, ${of.by.userId},
        now() + make_interval(days => ${INVITATION_DAYS}::int))
      returning id, email, role, created_at, expires_at)
    select made.*, coalesce(nullif(u.name, ''), u.email) as invited_by, t.name as tenant
    from made, control.tenant t, control.user_account u
    where t.id = ${of.tenant} and u.id = ${of.by.userId}`.execute(trx);
  const row = rows[0];
  if (!row) throw notFound('tenant');
  const link = webLink(platform, '/invitation', token);
  const isMailed = await queueMail(platform.database.through(trx), platform, {
    to: of.email,
    purpose: 'invitation',
    content: invitationMail(row.tenant, row.invited_by ?? '', link),
  });
  return { invitation: viewInvitation(row), link: isMailed ? null : link };
}

function invitationMail(tenant: string, inviter: string, link: string): MailContent {
  return {
    subject: `Invitation to ${tenant}`,
    paragraphs: [
      `${inviter} invites you to ${tenant} on Glacis, where its external attack surface is watched.`,
    ],
    action: { label: 'Accept the invitation', url: link },
    closing: `The link works once, within ${INVITATION_DAYS} days. If you do not know why you got this, ignore it.`,
  };
}

/** Gives an invitation a new link and time, and sends it again. @throws UserError when there is no such invitation. */
export async function renewInvitation(
  platform: Platform,
  of: { tenant: TenantId; id: string; by: Person },
): Promise<InvitationMade> {
  return platform.database.control.transaction().execute(async trx => {
    await lockTenant(trx, of.tenant);
    const { rows } = await sql<{ email: string; role: Role }>`delete from control.invitation
      where id = ${of.id} and tenant_id = ${of.tenant} returning email, role`.execute(trx);
    if (!rows[0]) throw notFound('invitation');
    return inviteWithin(platform, trx, { tenant: of.tenant, by: of.by, ...rows[0] });
  });
}

/** Takes an invitation back: its link does nothing any more. @throws UserError when there is no such invitation. */
export async function withdrawInvitation(
  { database }: Platform,
  of: { tenant: TenantId; id: string },
): Promise<void> {
  const { rows } = await sql`delete from control.invitation
    where id = ${of.id} and tenant_id = ${of.tenant} returning 1`.execute(database.control);
  if (rows.length === 0) throw notFound('invitation');
}

interface Offer {
  id: string;
  tenant_id: TenantId;
  slug: string;
  tenant: string;
  email: string;
  role: Role;
  user_id: string | null;
}

const offers = sql`select i.id, i.tenant_id, t.slug, t.name as tenant, i.email, i.role, u.id as user_id
  from control.invitation i join control.tenant t on t.id = i.tenant_id
  left join control.user_account u on u.email = i.email`;

/** What a link invites to. @throws UserError when it does nothing any more. */
export async function lookAtInvitation(
  { database }: Platform,
  token: string,
): Promise<{ tenant: string; email: string; role: Role; hasAccount: boolean }> {
  const { rows } = await sql<Offer>`${offers}
    where i.token_hash = ${hashOfLink(token)} and i.expires_at > now() and t.state = 'active'`.execute(
    database.control,
  );
  const offer = rows[0];
  if (!offer) throw linkInvalid();
  return {
    tenant: offer.tenant,
    email: offer.email,
    role: offer.role,
    hasAccount: offer.user_id !== null,
  };
}

/**
 * Accepts an invitation: for the account that is signed in when the address is its own, or with a new account. Holding the
 * link proves the address, but does not stand in for the password and second factor of an account that exists.
 * @throws UserError
 */
export async function acceptInvitation(
  platform: Platform,
  of: { token: string; name?: string | undefined; password?: string | undefined },
  caller: Person | undefined,
  origin: Origin,
): Promise<{ slug: string; sessionSecret: string | undefined }> {
  const known = await lookAtInvitation(platform, of.token);
  if (known.hasAccount && caller?.email !== known.email) {
    throw new UserError('auth.sign-in-required', `Sign in as ${known.email} to accept this invitation.`);
  }
  const account = known.hasAccount ? undefined : await newAccountOf(platform, of);
  const accepted = await platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<Offer>`${offers}
      where i.token_hash = ${hashOfLink(of.token)} and i.expires_at > now() and t.state = 'active'
      for update of i`.execute(trx);
    const offer = rows[0];
    if (!offer) throw linkInvalid();
    await sql`delete from control.invitation where id = ${offer.id}`.execute(trx);
    await assertUsersWithinPlan(platform.database.through(trx), offer.tenant_id, 'members');
    const userId = offer.user_id ?? (account ? await makeAccount(trx, offer.email, account) : undefined);
    if (userId === undefined) throw linkInvalid();
    await sql`insert into control.membership (user_id, tenant_id, role)
      values (${userId}, ${offer.tenant_id}, ${offer.role}) on conflict do nothing`.execute(trx);
    return { slug: offer.slug, userId };
  });
  return {
    slug: accepted.slug,
    sessionSecret: account ? await enterAccount(platform, accepted.userId, origin) : undefined,
  };
}

/** What a new account begins with. */
export interface NewAccount {
  readonly name: string;
  readonly passwordHash: string;
}

async function newAccountOf(
  platform: Platform,
  of: { name?: string | undefined; password?: string | undefined },
): Promise<NewAccount> {
  if (of.name === undefined || of.password === undefined) {
    throw new UserError('request.invalid', 'A new account needs a name and a password.', {
      fields: {
        ...(of.name === undefined ? { name: 'Write your name.' } : {}),
        ...(of.password === undefined ? { password: 'Choose a password.' } : {}),
      },
    });
  }
  return { name: of.name, passwordHash: await hashChosenPassword(of.password, platform) };
}

/** Makes the account of an address. @throws UserError when somebody made it in the meantime. */
async function makeAccount(trx: ControlTransaction, email: string, of: NewAccount): Promise<string> {
  const { rows } = await sql<{ id: string }>`insert into control.user_account (id, email, name, password_hash)
    values (${newId()}, ${email}, ${of.name}, ${of.passwordHash}) on conflict (email) do nothing returning id`.execute(
    trx,
  );
  if (!rows[0])
    throw new UserError('request.conflict', `There is an account of ${email} by now. Sign in to it.`);
  return rows[0].id;
}
