import { endSessionsOf, listSessions, removeFactors } from '@glacis/domain';
import { commandLineOrigin, personOfEmail } from './acting.ts';
import { joinRunning } from './running.ts';
import { parseCommand, UsageError } from './usage.ts';

type Say = (line: string) => void;

/** `glacis user list|sessions|revoke-sessions|remove-factors`. Returns the exit code. */
export async function user(args: readonly string[], say: Say): Promise<number> {
  const [command, ...rest] = args;
  const { positionals } = parseCommand({ args: rest, allowPositionals: true, options: {} });
  const [email, ...more] = positionals;
  if (command === 'list' && email === undefined) return list(say);
  const about = { sessions: showSessions, 'revoke-sessions': revokeSessions, 'remove-factors': dropFactors };
  const act = Object.entries(about).find(([name]) => name === command)?.[1];
  if (act === undefined || email === undefined || more.length > 0)
    throw new UsageError(
      'Write: glacis user list, sessions EMAIL, revoke-sessions EMAIL or remove-factors EMAIL.',
    );
  return act(email, say);
}

async function list(say: Say): Promise<number> {
  const { platform } = await joinRunning();
  try {
    const { control } = platform.database;
    const people = await control
      .selectFrom('control.user_account')
      .select(['id', 'email', 'name', 'is_platform_admin'])
      .orderBy('email')
      .execute();
    const memberships = await control
      .selectFrom('control.membership as m')
      .innerJoin('control.tenant as t', 't.id', 'm.tenant_id')
      .select(['m.user_id', 'm.role', 't.slug'])
      .orderBy('t.slug')
      .execute();
    const byPerson = Map.groupBy(memberships, entry => entry.user_id);
    for (const person of people) {
      const tenants = (byPerson.get(person.id) ?? []).map(entry => `${entry.slug} (${entry.role})`);
      const marks = [...(person.is_platform_admin ? ['platform administrator'] : []), ...tenants];
      say([person.email, person.name, marks.join(', ')].filter(part => part !== '').join('   '));
    }
    return 0;
  } finally {
    await platform.close();
  }
}

async function showSessions(email: string, say: Say): Promise<number> {
  const { platform } = await joinRunning();
  try {
    const person = await personOfEmail(platform, email);
    const sessions = await listSessions(platform.database, person.id);
    for (const session of sessions)
      say(
        `${session.id}   last seen ${session.lastSeenAt}   ${session.address ?? ''}   by ${session.methods.join(', ')}   ${JSON.stringify(session.userAgent.slice(0, 80))}`,
      );
    if (sessions.length === 0) say(`${person.email} is signed in nowhere.`);
    return 0;
  } finally {
    await platform.close();
  }
}

async function revokeSessions(email: string, say: Say): Promise<number> {
  const { platform } = await joinRunning();
  try {
    const person = await personOfEmail(platform, email);
    const count = await platform.audit.audited(
      {
        tenantId: undefined,
        origin: commandLineOrigin(),
        action: 'sessions.delete-all',
        subject: { kind: 'users', id: person.id },
      },
      () => endSessionsOf(platform.database, person.id),
    );
    say(`${person.email}: ${count} ${count === 1 ? 'session' : 'sessions'} ended.`);
    return 0;
  } finally {
    await platform.close();
  }
}

async function dropFactors(email: string, say: Say): Promise<number> {
  const { platform } = await joinRunning();
  try {
    const person = await personOfEmail(platform, email);
    const had = await platform.audit.audited(
      {
        tenantId: undefined,
        origin: commandLineOrigin(),
        action: 'users.remove-factors',
        subject: { kind: 'users', id: person.id },
      },
      () => removeFactors(platform, person.id),
    );
    say(
      had
        ? `${person.email}: authenticator app, passkeys and recovery codes are removed.`
        : `${person.email} has no second factor.`,
    );
    return 0;
  } finally {
    await platform.close();
  }
}
