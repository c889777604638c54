import { policyMethods, type PolicyBreach, type SignInPolicy } from '@glacis/contract';
import { UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { breachOf, type PolicyFacts } from './breach.ts';

const OPEN: SignInPolicy = { requiresSecondFactor: false, allowedMethods: null, sessionHours: null };

interface PolicyRow {
  tenant_id: string;
  requires_second_factor: boolean;
  allowed_methods: string[] | null;
  session_hours: number | null;
}

interface FactRow {
  methods: string[] | null;
  authenticated_at: Date | null;
  provider_tenant_id: string | null;
  has_factor: boolean;
}

/** What a tenant asks of everybody who enters it. */
export async function readPolicy(database: Database, tenant: TenantId): Promise<SignInPolicy> {
  const { rows } =
    await sql<PolicyRow>`select * from control.sign_in_policy where tenant_id = ${tenant}`.execute(
      database.control,
    );
  return rows[0] ? policyOf(rows[0]) : OPEN;
}

/**
 * What a caller lacks for entering tenants, by tenant; those that ask for nothing more are left out. An access token counts
 * as the session that it was made from. One round trip.
 */
export async function breachesOf(
  database: Database,
  caller: Caller,
  tenants: readonly string[],
): Promise<ReadonlyMap<string, PolicyBreach>> {
  const { credential, userId = null } = caller;
  const session = credential.kind === 'session' ? credential.id : null;
  const grant = credential.kind === 'access-token' ? credential.id : null;
  const { rows } = await sql<PolicyRow & FactRow>`
    select p.*, s.methods, s.authenticated_at, s.tenant_id as provider_tenant_id,
      exists (select 1 from control.totp where user_id = ${userId} and confirmed_at is not null)
        or exists (select 1 from control.passkey where user_id = ${userId}) as has_factor
    from control.sign_in_policy p
    left join control.session s
      on s.id = coalesce(${session}::uuid, (select session_id from control.token_grant where id = ${grant}::uuid))
    where p.tenant_id = any(${tenants}::uuid[])`.execute(database.control);
  const found = rows.map(row => [row.tenant_id, breachOf(policyOf(row), factsOf(row, caller))] as const);
  return new Map(found.flatMap(([id, breach]) => (breach ? [[id, breach] as const] : [])));
}

/** Sets what a tenant asks for. It holds from the next request on, also for sessions that are open. @throws UserError */
export async function setPolicy(
  database: Database,
  of: { tenant: TenantId; policy: SignInPolicy; caller: Caller | undefined },
): Promise<void> {
  const { tenant, policy } = of;
  await database.control.transaction().execute(async trx => {
    await sql`insert into control.sign_in_policy (tenant_id, requires_second_factor, allowed_methods, session_hours)
      values (${tenant}, ${policy.requiresSecondFactor}, ${policy.allowedMethods}, ${policy.sessionHours})
      on conflict (tenant_id) do update set requires_second_factor = excluded.requires_second_factor,
        allowed_methods = excluded.allowed_methods, session_hours = excluded.session_hours, updated_at = now()`.execute(
      trx,
    );
    const through = { ...database, control: trx };
    const breach = of.caller && (await breachesOf(through, of.caller, [tenant])).get(tenant);
    if (breach) {
      throw new UserError(
        'auth.policy-locks-out',
        'You would be out yourself: sign in first in the way that this policy asks for, then set it.',
      );
    }
  });
}

function policyOf(row: PolicyRow): SignInPolicy {
  return {
    requiresSecondFactor: row.requires_second_factor,
    allowedMethods: z.array(z.enum(policyMethods)).nullable().parse(row.allowed_methods),
    sessionHours: row.session_hours,
  };
}

function factsOf(row: FactRow & { tenant_id: string }, caller: Caller): PolicyFacts {
  const { methods, authenticated_at: authenticatedAt } = row;
  return {
    session:
      methods && authenticatedAt
        ? { methods, authenticatedAt, isOfProvider: row.provider_tenant_id === row.tenant_id }
        : undefined,
    hasFactor: caller.userId === undefined ? undefined : row.has_factor,
  };
}
