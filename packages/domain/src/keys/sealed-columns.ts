import type { Context } from '@glacis/foundation';

/** A column whose values are sealed, and what is needed to seal them again. */
export interface SealedColumn {
  /** Whether the table lies in `control` or in the schema of each tenant. */
  readonly schema: 'control' | 'tenant';
  readonly table: string;
  readonly column: string;
  /** Which key seals it. A tenant's key in a table of `control` needs a column `tenant_id` there. */
  readonly key: 'master' | 'tenant';
  /** The column that binds a ciphertext to its row. */
  readonly boundTo: string;
  /** The context, of the value of that column and, with a tenant's key, the tenant. */
  context(bound: string, tenant: string): Context;
}

/**
 * Every sealed column there is: rotation covers these and nothing else, so a new one is added here in the change that makes
 * it. A test compares this with the `bytea` columns of the database.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    schema: 'control',
    table: 'tenant_key',
    column: 'wrapped',
    key: 'master',
    boundTo: 'tenant_id',
    context: tenant => ['tenant-key', tenant],
  },
  {
    schema: 'control',
    table: 'signing_key',
    column: 'sealed',
    key: 'master',
    boundTo: 'kid',
    context: kid => ['signing-key', kid],
  },
  {
    schema: 'control',
    table: 'mail',
    column: 'sealed',
    key: 'master',
    boundTo: 'id',
    context: id => ['platform', 'mail', 'sealed', id],
  },
  {
    schema: 'control',
    table: 'totp',
    column: 'sealed',
    key: 'master',
    boundTo: 'user_id',
    context: user => ['platform', 'totp', 'sealed', user],
  },
  {
    schema: 'control',
    table: 'sso_connection',
    column: 'sealed',
    key: 'tenant',
    boundTo: 'id',
    context: id => ['sso_connection', id, 'client_secret'],
  },
  {
    schema: 'tenant',
    table: 'finding',
    column: 'evidence',
    key: 'tenant',
    boundTo: 'identity',
    context: (identity, tenant) => ['tenant', tenant, 'finding', 'evidence', identity],
  },
];

/** Columns of the type `bytea` that hold hashes and public keys, by name; they are not sealed. */
export const OPEN_COLUMNS: ReadonlySet<string> = new Set([
  'hash',
  'previous_hash',
  'next_hash',
  'public_key',
]);
