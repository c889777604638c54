import { UserError } from '@glacis/foundation';
import { originOf, type AuditAct } from '../../audit/record.ts';
import type { RouteInput } from '../../http/route.ts';
import { SamlRefusal } from '../saml/refusal.ts';
import type { Connection } from './connection.ts';

type SignInInput = RouteInput<unknown, unknown, unknown>;

/**
 * Does the end of a sign-in by a tenant's provider, and records how it ended in the chain of that tenant: its admins see who
 * came by their provider, and why somebody did not. Strangers cannot bloat it: refusals are counted.
 */
export async function recordedForTenant<T>(
  input: SignInInput,
  of: { connection: Connection; action: string },
  work: (input: SignInInput) => Promise<T>,
): Promise<T> {
  const { audit } = input.platform;
  let act: AuditAct = {
    tenantId: of.connection.tenant,
    origin: originOf(undefined, input),
    action: of.action,
    subject: { kind: 'sso', id: of.connection.id },
  };
  const note: SignInInput['note'] = more => {
    if (more.actor) act = { ...act, origin: { ...act.origin, actor: more.actor } };
    input.note(more);
  };
  try {
    const result = await work({ ...input, note });
    await audit.append(act, { outcome: 'succeeded' });
    return result;
  } catch (error) {
    if (error instanceof UserError) audit.refuse({ ...act, detail: { reason: reasonOf(error) } }, error.code);
    throw error;
  }
}

/** Why, as far as it says nothing about the network that the platform stands in. */
function reasonOf({ message, cause }: UserError): string {
  if (cause instanceof SamlRefusal) return cause.message;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code.startsWith('OAUTH_') ? code : message;
}
