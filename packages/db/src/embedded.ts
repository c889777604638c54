import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError, type Logger } from '@glacis/foundation';
import pg from 'pg';
import { postgresBinaries } from './embedded-binaries.ts';
import { keeperFile, stopPrevious } from './embedded-lock.ts';
import { isReachableFor, serviceUser } from './service-user.ts';

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** Connection string of the application role; it holds the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves with a sentence when the server ends without being asked to. */
  readonly crashed: Promise<string>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
/** The server keeps its WAL flushed; sizes suit a laptop. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '120',
  shared_buffers: '192MB',
  work_mem: '16MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  random_page_cost: '1.1',
  log_min_messages: 'warning',
  logging_collector: 'off',
  timezone: 'UTC',
};

/**
 * Starts PostgreSQL from the npm package in `folder`, making the cluster first if there is none. As root the server runs as
 * an unprivileged user. It ends when this process ends, however that happens (see keeper.ts).
 * @throws UserError with one sentence that says what to do.
 */
export async function startEmbeddedPostgres(options: {
  folder: string;
  log: Logger;
  /** Port on 127.0.0.1; a free one when left out. */
  port?: number;
}): Promise<EmbeddedPostgres> {
  const { folder, log } = options;
  const user = serviceUser();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user) {
    chownSync(folder, user.uid, user.gid);
    if (!isReachableFor(folder, user)) {
      throw new UserError(
        'data.unreachable',
        `PostgreSQL must not run as root, and the unprivileged user it runs as cannot reach ${folder}. Set GLACIS_DATA to a folder that all users may enter, such as /var/lib/glacis.`,
      );
    }
  }
  const binaries = postgresBinaries(join(folder, 'runtime'), user);
  const cluster = join(folder, 'cluster');
  const passwordFile = join(folder, 'password');
  if (!existsSync(join(cluster, 'PG_VERSION'))) await initialise({ binaries, cluster, passwordFile, user });
  await stopPrevious(folder, cluster, log);
  const password = readFileSync(passwordFile, 'utf8').trim();
  const port = options.port ?? (await freePort());
  const { process: server, output } = launch({ binaries, cluster, port, user });
  writeFileSync(keeperFile(folder), `${server.pid ?? ''}\n`);
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  try {
    await untilReady(adminUrl, server, output);
    await prepare(adminUrl, password);
  } catch (error) {
    server.kill('SIGTERM');
    throw error;
  }
  return handle(server, port, `postgres://glacis:${password}@127.0.0.1:${port}/glacis`, output);
}

type Binaries = ReturnType<typeof postgresBinaries>;
type User = ReturnType<typeof serviceUser>;

async function initialise(of: {
  binaries: Binaries;
  cluster: string;
  passwordFile: string;
  user: User;
}): Promise<void> {
  rmSync(of.cluster, { recursive: true, force: true });
  writeFileSync(of.passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (of.user) chownSync(of.passwordFile, of.user.uid, of.user.gid);
  const args = ['-D', of.cluster, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${of.passwordFile}`];
  args.push(
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  );
  const child = spawn(of.binaries.initdb, args, {
    ...identity(of.user),
    env: of.binaries.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const code = await new Promise<number | null>(resolve =>
    child.on('exit', resolve).on('error', () => resolve(-1)),
  );
  if (code === 0) return;
  rmSync(of.cluster, { recursive: true, force: true });
  throw new UserError(
    'data.cannot-initialise',
    explain(output(), `PostgreSQL could not be set up in ${of.cluster}`),
  );
}

function launch(of: { binaries: Binaries; cluster: string; port: number; user: User }): {
  process: ChildProcess;
  output: () => string;
} {
  const settings = Object.entries({ ...SETTINGS, port: String(of.port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  // keeper.ts holds our pipe: when it breaks, the keeper stops the server, so even kill -9 of this process orphans nothing.
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'keeper.ts'), of.binaries.postgres, '-D', of.cluster, ...settings],
    { ...identity(of.user), env: of.binaries.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  return { process: child, output: collect(child) };
}

function identity(user: User): { uid?: number; gid?: number; cwd: string } {
  return user ? { uid: user.uid, gid: user.gid, cwd: '/' } : { cwd: '/' };
}

/** Keeps the last 8 KiB of what a child says. */
function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-8192);
    });
  }
  return () => text;
}

async function untilReady(url: string, server: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) {
      throw new UserError('data.database-stopped', explain(output(), 'PostgreSQL stopped while starting'));
    }
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await delay(25);
    }
  }
  throw new UserError(
    'data.database-slow',
    explain(output(), 'PostgreSQL did not accept connections within a minute'),
  );
}

/** The application's role is no superuser: it may make roles (for tenants) and owns its database. NOINHERIT: it uses a tenant's rights only after SET ROLE. */
async function prepare(adminUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query("select 1 from pg_database where datname = 'glacis'");
    if (rows.length > 0) return;
    await client.query(`drop role if exists glacis`);
    await client.query(
      `create role glacis login createrole createdb noinherit password ${client.escapeLiteral(password)}`,
    );
    await client.query('create database glacis owner glacis');
  } finally {
    await client.end();
  }
}

function handle(server: ChildProcess, port: number, url: string, output: () => string): EmbeddedPostgres {
  let isStopping = false;
  const exited = new Promise<void>(resolve => server.once('exit', () => resolve()));
  return {
    url,
    port,
    pid: server.pid ?? 0,
    crashed: exited.then(() =>
      isStopping ? new Promise<string>(() => {}) : explain(output(), 'PostgreSQL ended unexpectedly'),
    ),
    stop: async () => {
      isStopping = true;
      server.stdin?.end();
      const timer = setTimeout(() => server.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function explain(output: string, what: string): string {
  if (/No space left on device/i.test(output)) {
    return `${what}: the disk is full. Free some space, or set GLACIS_DATA to a folder on another disk, and start again.`;
  }
  if (/initialized by PostgreSQL version|incompatible with server/i.test(output)) {
    return `${what}: the data folder belongs to another version of PostgreSQL. Start the Glacis version that made it, or set GLACIS_DATA to another folder.`;
  }
  const last = output
    .trim()
    .split('\n')
    .filter(line => /FATAL|ERROR|error|could not/.test(line))
    .at(-1);
  return `${what}${last ? `: ${last.trim()}` : '.'}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(0, '127.0.0.1', () => resolve()),
    );
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  } catch (cause) {
    throw new UserError('data.no-port', `No free port on 127.0.0.1 could be found: ${messageOf(cause)}.`, {
      cause,
    });
  } finally {
    server.close();
  }
}
