import { createSignInLink } from '@glacis/domain';
import { OperationalError } from '@glacis/foundation';
import { commandLineOrigin } from './acting.ts';
import { joinRunning } from './running.ts';

/** Prints a one-time sign-in link for the owner of the installation: who can read its data folder may enter. */
export async function signIn(say: (line: string) => void): Promise<number> {
  const { platform, address } = await joinRunning();
  try {
    const owner = await platform.database.control
      .selectFrom('control.user_account')
      .select(['id', 'email'])
      .where('is_platform_admin', '=', true)
      .orderBy('created_at')
      .executeTakeFirst();
    if (!owner) throw new OperationalError('internal.unexpected', 'The installation has no owner.');
    const link = await platform.audit.audited(
      {
        tenantId: undefined,
        origin: commandLineOrigin(),
        action: 'sign-in-links.create',
        subject: { kind: 'users', id: owner.id },
      },
      () => createSignInLink(platform.database, owner.id),
    );
    say(`${address}/sign-in?link=${link}`);
    say(`It signs ${owner.email} in once, within the next hour.`);
    return 0;
  } finally {
    await platform.close();
  }
}
