import { originOf, type Authenticated, type Platform } from '@glacis/domain';
import { UserError } from '@glacis/foundation';
import type { FastifyRequest } from 'fastify';

/**
 * Records that a request was refused. What is aimed at a tenant that the caller does not belong to goes to the platform's
 * chain: the tenant is not to learn who strangers are.
 */
export function recordRefusal(
  platform: Platform,
  request: FastifyRequest,
  route: { readonly action?: string | undefined },
  error: unknown,
  found?: { readonly [Part in keyof Authenticated]?: Authenticated[Part] | undefined },
): void {
  if (!(error instanceof UserError)) return;
  const isForeign = found?.tenant === undefined && found?.namedTenantId !== undefined;
  platform.audit.refuse(
    {
      tenantId: found?.tenant?.id,
      origin: originOf(found?.caller, { address: request.ip, requestId: request.id }),
      action: route.action ?? 'requests.other',
      ...(isForeign ? { detail: { foreignTenant: found.namedTenantId ?? '' } } : {}),
    },
    error.code,
  );
}
