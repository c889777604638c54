import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { isReachableFor, serviceUser } from '@glacis/db';
import { messageOf, UserError, type Config } from '@glacis/foundation';

/**
 * The data folder, made if it is missing. As root, PostgreSQL and Chromium run as unprivileged users that must be able to
 * reach it: when the default lies below a closed folder such as /root, a folder in /var/lib takes its place; one that was
 * named by the user is never replaced. @throws UserError
 */
export function dataFolderOf(config: Config): string {
  const user = serviceUser();
  const make = (folder: string): string => {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK | constants.X_OK);
      if (user) chmodSync(folder, 0o711);
      return folder;
    } catch (cause) {
      throw new UserError(
        'storage.cannot-write',
        `The data folder ${folder} cannot be written (${messageOf(cause)}). Set GLACIS_DATA to a folder of your own.`,
        { cause },
      );
    }
  };
  const folder = make(config.dataFolder);
  if (!user || isReachableFor(folder, user)) return folder;
  if (config.isDataFolderGiven) {
    throw new UserError(
      'data.unreachable',
      `PostgreSQL and Chromium must not run as root, and the users they run as cannot reach ${folder}. Set GLACIS_DATA to a folder that all users may enter, such as /var/lib/glacis.`,
    );
  }
  const suffix = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  return make(`/var/lib/glacis-${suffix}`);
}
