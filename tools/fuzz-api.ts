/**
 * Fuzzes the API from its own OpenAPI document: `npm run fuzz:api`, with `-- --seconds 300 --seed 7` to change the bounds and
 * `-- --as observer` for one caller only. Starts the real server with two seeded companies on loopback and lets schemathesis
 * call every operation; what it is allowed to overlook stands with its reason in tools/fuzz-api.toml.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startTestServer } from '../packages/db/src/testing.ts';
import { provisionerOf } from '../apps/server/test/provisioning.ts';
import { createWorld, type World } from '../apps/server/test/world.ts';

/** A caller that the fuzzer plays: `owner` administers the tenant and the platform, `provider` provisions people by SCIM. */
type Player = Person | 'provider';
type Person = 'owner' | 'observer';
const PEOPLE: readonly Person[] = ['owner', 'observer'];
const PLAYERS: readonly Player[] = [...PEOPLE, 'provider'];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
    examples: { type: 'string', default: '30' },
    as: { type: 'string' },
    only: { type: 'string' },
  },
});

if (spawnSync('schemathesis', ['--version'], { stdio: 'ignore' }).status !== 0) {
  process.stderr.write(
    'The fuzzer is not installed. It is a Python package: run “pip install schemathesis” (4.32 or newer), then the same command again.\n',
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'glacis-fuzz-'));
const database = await startTestServer();
process.env['GLACIS_TEST_DATABASE_URL'] = database.url;
const world = await createWorld({ limits: {} });
keepSignedIn(world, await peopleOf(world));
const token = await provisionerOf(world, world.alpha);
const things = {
  ...world.alpha.ids,
  tenant: world.alpha.slug,
};
const url = await world.server.listen({ host: '127.0.0.1', port: 0 });
const failures: string[] = [];
try {
  for (const player of PLAYERS.filter(one => values.as === undefined || one === values.as)) {
    process.stdout.write(`\nThe API as ${player}\n`);
    if ((await fuzz(url, player)) !== 0) failures.push(player);
  }
} finally {
  await world.close();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) process.stderr.write(`Found something as ${failures.join(' and ')}: see above.\n`);
process.exit(failures.length > 0 ? 1 : 0);

/** The person behind each player. The owner is nobody that the fuzzer can find in a list and remove. */
async function peopleOf(of: World): Promise<Readonly<Record<Person, string>>> {
  const owner = await of.freshMember(of.alpha, 'admin');
  await of.platform.database.control
    .updateTable('control.user_account')
    .set({ is_platform_admin: true })
    .where('id', '=', owner)
    .execute();
  return { owner, observer: of.alpha.users.observer };
}

/**
 * Gives each player a session and a membership that survive what the fuzzer does to them: the cookie names the player, and a
 * request that comes with it goes on with a session that is valid now.
 */
function keepSignedIn(of: World, people: Readonly<Record<Person, string>>): void {
  of.server.addHook('onRequest', async request => {
    const player = /glacis_session=player-(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    const name = PEOPLE.find(one => one === player);
    if (!name) return;
    // Whoever left, or was removed, is back, with what they were.
    await of.platform.database.query(
      `insert into control.membership (user_id, tenant_id, role) values ($1, $2, $3)
       on conflict (user_id, tenant_id) do update set role = excluded.role, scope = 'tenant'`,
      [people[name], of.alpha.tenant, name === 'owner' ? 'admin' : 'observer'],
    );
    request.headers.cookie = await of.signIn(people[name]);
  });
}

/** Runs the fuzzer as one player and returns its exit code. */
function fuzz(baseUrl: string, player: Player): Promise<number> {
  const isProvider = player === 'provider';
  const credential = isProvider
    ? `[auth.openapi.token]\nbearer = "${token}"\n`
    : `[auth.openapi.session]\napi_key = "player-${player}"\n`;
  const settings = Object.entries(things).reduce(
    (text, [name, value]) => text.replaceAll(`"{${name}}"`, `"${value}"`),
    readFileSync(join(import.meta.dirname, 'fuzz-api.toml'), 'utf8'),
  );
  const file = join(folder, `${player}.toml`);
  writeFileSync(file, `${settings}\n${credential}`);
  const scope = isProvider ? ['--include-path-regex', '/scim/'] : ['--exclude-path-regex', '/scim/'];
  const only = values.only === undefined ? [] : ['--include-path-regex', values.only];
  const bounds = ['--seed', values.seed, '--max-time', values.seconds, '--max-examples', values.examples];
  const run = ['--config-file', file, 'run', `${baseUrl}/api/openapi.json`, '--checks', 'all', '--no-color'];
  const child = spawn('schemathesis', [...run, ...bounds, ...(only.length > 0 ? only : scope)], {
    stdio: 'inherit',
    cwd: folder,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise(resolve => {
    child.on('exit', code => resolve(code ?? 1));
  });
}
