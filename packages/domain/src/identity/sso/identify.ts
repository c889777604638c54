import { roles, type AuthMethod, type Role } from '@glacis/contract';
import { newId, UserError, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { assertUsersWithinPlan } from '../../billing/limits.ts';
import type { Platform } from '../../platform.ts';
import { refuseDeprovisioned } from '../../provisioning/deprovisioned.ts';
import { lockTenant, type ControlTransaction } from '../../tenancy/members.ts';
import type { ProvenIdentity } from '../session.ts';
import type { Connection } from './connection.ts';
import { domainOf, isProven, provenDomains } from './domains.ts';

/** A person as a provider describes them, after its signature was checked. */
export interface Vouched {
  readonly issuer: string;
  readonly subject: string;
  /** Left out when the provider does not say that it has verified the address. */
  readonly verifiedEmail: string | undefined;
  readonly name: string;
  readonly groups: readonly string[];
}

/**
 * The account that a provider vouches for, as a member of its tenant: the one that was linked before, or the one of a verified
 * address within the domains that the tenant has proven, made if it is not there. What comes of it reaches that tenant alone,
 * so an account of another tenant cannot be taken over. @throws UserError
 */
export async function identify(
  platform: Platform,
  connection: Connection,
  vouched: Vouched,
  method: AuthMethod,
): Promise<ProvenIdentity> {
  const { database } = platform;
  const { tenant } = connection;
  const proven = await provenDomains(database, tenant);
  return database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    const userId =
      (await linkedAccount(trx, connection, vouched)) ??
      (await accountOfAddress(trx, connection, vouched, proven));
    await becomeMember(platform, trx, { connection, userId, role: roleOf(connection, vouched.groups) });
    await sql`insert into control.sso_identity (connection_id, issuer, subject, user_id)
      values (${connection.id}, ${vouched.issuer}, ${vouched.subject}, ${userId})
      on conflict (connection_id, issuer, subject) do update set last_used_at = now()`.execute(trx);
    return { userId, methods: [method], providerTenant: tenant };
  });
}

async function linkedAccount(
  trx: ControlTransaction,
  connection: Connection,
  { issuer, subject }: Vouched,
): Promise<string | undefined> {
  const { rows } = await sql<{ user_id: string }>`select user_id from control.sso_identity
    where connection_id = ${connection.id} and issuer = ${issuer} and subject = ${subject}`.execute(trx);
  return rows[0]?.user_id;
}

async function accountOfAddress(
  trx: ControlTransaction,
  connection: Connection,
  { verifiedEmail, name }: Vouched,
  proven: readonly string[],
): Promise<string> {
  if (verifiedEmail === undefined) {
    throw new UserError(
      'sso.refused',
      'Your identity provider gave no verified e-mail address. Ask your administrator.',
    );
  }
  const email = verifiedEmail.toLowerCase();
  const domain = domainOf(email);
  if (!connection.domains.includes(domain) || !isProven(domain, proven)) {
    throw new UserError(
      'sso.refused',
      'Your identity provider does not speak for the domain of your address. Ask your administrator.',
    );
  }
  const { rows } = await sql<{
    id: string;
  }>`select id from control.user_account where email = ${email}`.execute(trx);
  if (rows[0]) return rows[0].id;
  const id = newId();
  await sql`insert into control.user_account (id, email, name) values (${id}, ${email}, ${name.slice(0, 200)})`.execute(
    trx,
  );
  return id;
}

/** The strongest role of the person's groups; undefined when none of them gives one. */
export function roleOf(
  connection: Pick<Connection, 'groupRoles'>,
  groups: readonly string[],
): Role | undefined {
  const own = new Set(groups);
  const given = new Set(connection.groupRoles.filter(entry => own.has(entry.group)).map(entry => entry.role));
  return roles.find(one => given.has(one));
}

async function becomeMember(
  platform: Platform,
  trx: ControlTransaction,
  of: { connection: Connection; userId: string; role: Role | undefined },
): Promise<void> {
  const { connection, userId, role } = of;
  const { tenant } = connection;
  const { rows } = await sql<{ role: Role; admins: number }>`select m.role,
      (select count(*)::int from control.membership where tenant_id = ${tenant} and role = 'admin') as admins
    from control.membership m where m.tenant_id = ${tenant} and m.user_id = ${userId}`.execute(trx);
  const [member] = rows;
  if (member) {
    const isLastAdmin = member.role === 'admin' && member.admins === 1;
    if (role === undefined || role === member.role || isLastAdmin) return;
    await sql`update control.membership set role = ${role}
      where tenant_id = ${tenant} and user_id = ${userId}`.execute(trx);
    return;
  }
  await refuseDeprovisioned(trx, tenant, userId);
  const given = role ?? connection.defaultRole;
  if (given === null) {
    throw new UserError(
      'sso.refused',
      'You are no member of this tenant yet. Ask its administrator to invite you.',
    );
  }
  await refuseEnded(trx, tenant, userId);
  await assertUsersWithinPlan(platform.database.through(trx), tenant, 'members');
  await sql`insert into control.membership (user_id, tenant_id, role) values (${userId}, ${tenant}, ${given})`.execute(
    trx,
  );
}

/** Whom the organisation has switched off by provisioning does not become a member again by signing in. @throws UserError */
async function refuseEnded(trx: ControlTransaction, tenant: TenantId, userId: string): Promise<void> {
  const { rows } = await sql`select 1 from control.scim_user s join control.user_account u on u.id = ${userId}
    where s.tenant_id = ${tenant} and not s.is_active and (s.user_id = u.id or s.email = u.email)`.execute(
    trx,
  );
  if (rows.length > 0)
    throw new UserError('sso.refused', 'Your organisation has ended your access. Ask your administrator.');
}
