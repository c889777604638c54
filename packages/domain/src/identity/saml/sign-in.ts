import { randomBytes } from 'node:crypto';
import { UserError, type Logger } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { z } from 'zod';
import type { RouteInput } from '../../http/route.ts';
import { openFlow, takeFlow } from '../flow.ts';
import { enter } from '../second-factor.ts';
import type { SamlConnection } from '../sso/connection.ts';
import { openConnection } from '../sso/connections.ts';
import { identify } from '../sso/identify.ts';
import { recordedForTenant } from '../sso/record.ts';
import { readAnswer, serviceProvider } from './answer.ts';
import type { Assertion } from './assertion.ts';
import { personOf } from './person.ts';
import { SamlRefusal } from './refusal.ts';

/** Name of ending such a sign-in, for the audit log. */
export const SAML_ACTION = 'session.start-by-saml';

type SignInInput = RouteInput<unknown, unknown, unknown>;

const begun = z.object({ connectionId: z.string(), requestId: z.string(), next: z.string() });

/** Begins a sign-in at a SAML provider (HTTP-Redirect). Returns where to go. @throws UserError */
export async function beginSaml(
  input: SignInInput,
  connection: SamlConnection,
  next: string,
): Promise<string> {
  const { platform } = input;
  // An XML id does not begin with a digit.
  const requestId = `_${randomBytes(20).toString('hex')}`;
  const url = await serviceProvider(platform, connection, requestId).getAuthorizeUrlAsync('', undefined, {});
  const data = { connectionId: connection.id, requestId, next } satisfies z.input<typeof begun>;
  input.flow.set('saml', await openFlow(platform.database, { kind: 'saml', data }));
  return url;
}

/**
 * Ends it with the answer that the provider let the browser bring; a session begins. The request is used up before the answer
 * is looked at, and the browser has to be the one that asked. Returns the next page. @throws UserError
 */
export async function completeSaml(
  input: SignInInput,
  of: { connectionId: string; answer: string },
): Promise<{ next: string }> {
  const { platform } = input;
  const flow = begun.parse((await takeFlow(platform.database, 'saml', input.flow.secretOf('saml'))).data);
  input.flow.set('saml', undefined);
  if (flow.connectionId !== of.connectionId) throw refused();
  const connection = await openConnection(platform, flow.connectionId);
  if (connection.kind !== 'saml') throw refused();
  input.note({ subject: { kind: 'sso', id: connection.id } });
  await recordedForTenant(input, { connection, action: SAML_ACTION }, async recorded => {
    const assertion = await orRefused(platform.log, connection, async () => {
      const read = await readAnswer(platform, connection, { requestId: flow.requestId, answer: of.answer });
      await useUp(platform.database, connection, read);
      return read;
    });
    await enter(recorded, await identify(platform, connection, personOf(connection, assertion), 'saml'));
  });
  return { next: flow.next };
}

/** Lets an assertion count once, whichever server it comes to. @throws SamlRefusal */
async function useUp(database: Database, connection: SamlConnection, assertion: Assertion): Promise<void> {
  await sql`delete from control.saml_assertion where expires_at < now()`.execute(database.control);
  const { rows } = await sql`insert into control.saml_assertion (connection_id, assertion_id, expires_at)
    values (${connection.id}, ${assertion.id}, ${assertion.expiresAt})
    on conflict do nothing returning 1`.execute(database.control);
  if (rows.length === 0) throw new SamlRefusal('the assertion was used before');
}

async function orRefused<T>(log: Logger, connection: SamlConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof SamlRefusal)) throw cause;
    log.info({ connection: connection.id, reason: cause.message }, 'a sign-in by a provider was refused');
    throw refused(cause);
  }
}

function refused(cause?: unknown): UserError {
  return new UserError(
    'sso.refused',
    'Your identity provider did not confirm the sign-in, or it was meant for another one. Begin again.',
    { cause },
  );
}
