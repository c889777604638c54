import { tenantId, UnexpectedError, type TenantId } from '@glacis/foundation';
import { notFound } from '../http/caller.ts';

/** The tenant that a request names by a UUID; one of another version than ours names nothing. @throws UserError */
export function namedTenant(id: string): TenantId {
  try {
    return tenantId(id);
  } catch (error) {
    throw error instanceof UnexpectedError ? notFound('tenant') : error;
  }
}
