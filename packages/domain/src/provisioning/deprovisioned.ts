import { UserError, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { ControlTransaction } from '../tenancy/members.ts';

/**
 * Refuses somebody whom the tenant's provider has deactivated, also before they ever came in: signing in must not undo it.
 * @throws UserError
 */
export async function refuseDeprovisioned(
  trx: ControlTransaction,
  tenant: TenantId,
  userId: string,
): Promise<void> {
  const { rows } = await sql`select 1 from control.scim_user s join control.user_account u on u.id = ${userId}
    where s.tenant_id = ${tenant} and not s.is_active
      and (s.user_id = u.id or (s.user_id is null and s.email = u.email))`.execute(trx);
  if (rows.length > 0) {
    throw new UserError(
      'sso.refused',
      'Your organisation has taken you out of this tenant. Ask its administrator.',
    );
  }
}
