import type { TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { originOf } from '../audit/record.ts';
import type { Platform } from '../platform.ts';
import type { Caller } from './caller.ts';

/**
 * Records in a tenant's chain that somebody has entered it, from where and by what they had shown who they are: once for each
 * session, in the transaction that remembers it, so that of two requests at once one records.
 */
export async function recordEntry(
  platform: Pick<Platform, 'database' | 'audit'>,
  of: { caller: Caller; tenant: TenantId; address: string },
): Promise<void> {
  const { database, audit } = platform;
  const { credential } = of.caller;
  await database.control.transaction().execute(async trx => {
    const { rows } = await sql`insert into control.session_tenant (session_id, tenant_id)
      -- Either may end at this moment; then there is nothing to record.
      select s.id, t.id from control.session s, control.tenant t
      where s.id = ${credential.id} and t.id = ${of.tenant} for key share
      on conflict do nothing returning 1`.execute(trx);
    if (rows.length === 0) return;
    await audit.appendThrough(
      database.through(trx),
      {
        tenantId: of.tenant,
        origin: { ...originOf(of.caller, { address: of.address, requestId: '' }), requestId: null },
        action: 'tenant.enter',
        detail: {
          methods: credential.methods.join(', '),
          isByProvider: credential.tenantId !== undefined,
          signedInAt: credential.authenticatedAt?.toISOString() ?? '',
        },
      },
      { outcome: 'succeeded' },
    );
  });
}
