import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** An unprivileged user of the system. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user that PostgreSQL runs as when we are root, or undefined when we are not and it runs as ourselves. */
export function serviceUser(): ServiceUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'));
  for (const name of ['postgres', 'nobody', 'daemon']) {
    const account = accounts.find(fields => fields[0] === name);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  return { uid: 65534, gid: 65534 };
}

/** Whether the user may enter every folder on the way to `path` (permission bits only, no ACLs). */
export function isReachableFor(path: string, user: ServiceUser): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
