import { UnexpectedError } from './errors.ts';

declare const brand: unique symbol;

/** Id of a tenant. Branded, so that no other string can stand in for it. */
export type TenantId = string & { readonly [brand]: 'TenantId' };

/** Turns a string from a trusted place (our own database or a verified job) into a tenant id. @throws UnexpectedError */
export function tenantId(value: string): TenantId {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(value)) {
    throw new UnexpectedError('A tenant id is not a UUID of version 7.');
  }
  return value as TenantId;
}
