import { type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';

/** The domains that a tenant has proven; addresses below them count as theirs too. */
export async function provenDomains(database: Database, tenant: TenantId): Promise<string[]> {
  const { rows } = await sql<{ domain: string }>`select domain from control.domain_claim
    where tenant_id = ${tenant} order by domain`.execute(database.control);
  return rows.map(row => row.domain);
}

/** Whether a domain is one of the proven ones, or below one. */
export function isProven(domain: string, proven: readonly string[]): boolean {
  return proven.some(own => domain === own || domain.endsWith(`.${own}`));
}

/** The domain of an address, lower-case. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}
