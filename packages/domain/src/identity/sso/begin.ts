import type { RouteInput } from '../../http/route.ts';
import { beginOidc } from '../oidc/sign-in.ts';
import { beginSaml } from '../saml/sign-in.ts';
import { openConnection } from './connections.ts';
import { pageWithin } from './next-page.ts';

/** Begins a sign-in at a provider of whatever kind. Returns where to go. @throws UserError */
export async function beginAtProvider(
  input: RouteInput<unknown, unknown, unknown>,
  of: { connectionId: string; next?: string | undefined },
): Promise<string> {
  const connection = await openConnection(input.platform, of.connectionId);
  const next = pageWithin(of.next, connection.tenantSlug);
  return connection.kind === 'oidc' ? beginOidc(input, connection, next) : beginSaml(input, connection, next);
}
