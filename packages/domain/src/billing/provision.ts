import type { SignUpState } from '@glacis/contract';
import { UnexpectedError, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { queueMail, webLink } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import type { ControlTransaction } from '../tenancy/members.ts';
import { createTenantWithin } from '../tenancy/service.ts';

/** A row of control.sign_up. */
export interface SignUpRow {
  id: string;
  email: string;
  state: SignUpState['state'];
  plan_id: string | null;
  slug: string | null;
  organisation: string | null;
  person: string | null;
  password_hash: string | null;
  domain: string | null;
  checkout_id: string | null;
  makes_account: boolean;
  tenant_id: TenantId | null;
}

/** Time to come back with the link of the sign-up after the tenant is there, hours. */
const ENTRY_HOURS = 24;
/** Numbers tried behind a short name that somebody else took while it was being paid for. */
const MAX_NUMBERED = 1000;

/**
 * Makes the tenant of a sign-up with its first admin and domain, in the transaction that found it paid. Who has paid gets a
 * tenant even when the short name was taken in the meantime: it gets a number.
 */
export async function provision(
  platform: Platform,
  trx: ControlTransaction,
  row: SignUpRow,
  planId: string | null,
): Promise<{ id: TenantId; slug: string }> {
  if (row.slug === null || row.organisation === null) {
    throw new UnexpectedError('A sign-up was paid before anything was chosen.');
  }
  const slug = await freeSlug(trx, row.slug);
  const made = await createTenantWithin(platform.database, trx, platform.masterKey, {
    slug,
    name: row.organisation,
    ...(planId === null ? {} : { planId }),
    ...(row.domain === null ? {} : { domain: row.domain }),
    admin: {
      email: row.email,
      name: row.person ?? '',
      ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
    },
  });
  await sql`update control.sign_up set state = 'ready', tenant_id = ${made.id}, password_hash = null,
      makes_account = ${made.isNewAdmin && row.password_hash !== null},
      expires_at = now() + make_interval(hours => ${ENTRY_HOURS}::int)
    where id = ${row.id}`.execute(trx);
  await queueMail(platform.database.through(trx), platform, {
    to: row.email,
    purpose: 'welcome',
    content: {
      subject: `${row.organisation} is ready on Glacis`,
      paragraphs: [
        `The tenant ${row.organisation} is there, and you are its admin.`,
        'Next: prove that your domain is yours, and start the first scan.',
      ],
      action: { label: 'Open Glacis', url: webLink(platform, `/t/${slug}`) },
    },
  });
  return { id: made.id, slug };
}

async function freeSlug(trx: ControlTransaction, wanted: string): Promise<string> {
  const { rows } = await sql<{ slug: string }>`select candidate as slug
    from (select ${wanted}::text as candidate, 1 as n
      union all select left(${wanted}::text, 35) || '-' || n, n from generate_series(2, ${MAX_NUMBERED}::int) as n) as c
    where not exists (select 1 from control.tenant t where t.slug = c.candidate) order by n limit 1`.execute(
    trx,
  );
  return rows[0]?.slug ?? wanted;
}
