/** Who may import whom. The order is this table's; `layers.test.ts` holds the repository to it. */
import { dirname, join } from 'node:path/posix';
import { isTest, type TextFile } from './repository/files.ts';
import { importsOf, packageOf } from './repository/syntax.ts';

/**
 * Rooms from the ground up. A room imports rooms of lower rows only: never its own row, never a higher one. The first row
 * imports nothing of Glacis: `contract` is shared with the browser, `checks` and `report-kit` are publishable alone.
 */
export const rows: readonly (readonly string[])[] = [
  ['packages/foundation', 'packages/contract', 'packages/checks', 'packages/report-kit'],
  ['packages/db', 'packages/storage'],
  ['packages/queue', 'packages/realtime'],
  ['packages/engine'],
  ['packages/domain'],
  ['packages/tools', 'packages/scanners'],
  ['apps/cli', 'apps/server', 'apps/worker', 'apps/renderer', 'apps/web', 'apps/practice-net'],
];

/** Rooms that may import less than what lies below them, and why. */
export const narrower: Readonly<
  Record<string, { readonly rooms: readonly string[]; readonly reason: string }>
> = {
  'packages/scanners': {
    rooms: ['packages/contract', 'packages/foundation', 'packages/engine', 'packages/checks'],
    reason: 'a scanner gets every capability as an argument: no database, queue or storage',
  },
  'packages/tools': {
    rooms: ['packages/contract', 'packages/foundation', 'packages/engine'],
    reason: 'an adapter gets every capability as an argument: no database, queue or storage',
  },
  'apps/web': { rooms: ['packages/contract'], reason: 'it runs in the browser and knows only the API' },
  'apps/practice-net': {
    rooms: ['packages/contract'],
    reason: 'it is the outside world: what it shares with the scanners it could not catch',
  },
};

/** What tests of any room may start beside what lies below, undeclared: the network that scans are tried on. */
const WORLD_OF_TESTS = 'apps/practice-net';

/** What scanner and tool code may take from foundation: pure functions and error types, nothing that opens a socket. */
const PURE_OF_FOUNDATION = new Set([
  'canonicalAddress',
  'canonicalHostName',
  'EgressError',
  'exhaustive',
  'isInRange',
  'messageOf',
  'parseAddress',
  'parseHost',
  'parseRange',
  'redirectOf',
  'sha256',
  'specialPurposeOf',
]);

/** The parts of a package.json that the rules read. */
export interface Manifest {
  readonly room: string;
  readonly name: string;
  readonly exports: readonly string[];
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

/** The room a file lies in, or undefined for what is outside packages/ and apps/. */
export function roomOf(path: string): string | undefined {
  return /^(packages|apps)\/[^/]+(?=\/)/.exec(path)?.[0];
}

function rowOf(room: string): number {
  return rows.findIndex(row => row.includes(room));
}

/** Why one room may not import another, or undefined when it may. */
export function refusal(from: string, to: string): string | undefined {
  if (rowOf(from) < 0 || rowOf(to) < 0) return `${rowOf(from) < 0 ? from : to} has no row in tools/layers.ts`;
  if (rowOf(to) === rowOf(from)) return `${from} and ${to} are siblings`;
  if (rowOf(to) > rowOf(from)) return `${to} is above ${from}`;
  const limit = narrower[from];
  if (limit && !limit.rooms.includes(to)) return limit.reason;
  return undefined;
}

/** Every import of a file that breaks the table, as `path:line what is wrong`. */
export function layerViolations(file: TextFile, manifests: readonly Manifest[]): string[] {
  const room = roomOf(file.path);
  if (!room) return [];
  const own = manifests.find(manifest => manifest.room === room);
  return importsOf(file).flatMap(entry => {
    const at = `${file.path}:${entry.line}`;
    if (entry.specifier.startsWith('.')) {
      const target = join(dirname(file.path), entry.specifier);
      return target.startsWith(`${room}/`)
        ? []
        : [`${at} leaves ${room} by a path: import the package’s door`];
    }
    const name = packageOf(entry.specifier);
    if (name === undefined) return [];
    const problems: string[] = [];
    const other = manifests.find(manifest => manifest.name === name);
    if (name.startsWith('@glacis/') && !other) problems.push(`${at} there is no package ${name}`);
    if (other && other.room !== room) {
      const why = isTest(file.path) && other.room === WORLD_OF_TESTS ? undefined : refusal(room, other.room);
      if (why) problems.push(`${at} must not import ${name}: ${why}`);
      const door = `.${entry.specifier.slice(name.length)}`;
      if (!other.exports.includes(door)) problems.push(`${at} ${entry.specifier} is not a door of ${name}`);
      if (door === './testing' && !isTest(file.path))
        problems.push(`${at} ${entry.specifier} is for tests only`);
    }
    const isWorld = isTest(file.path) && other?.room === WORLD_OF_TESTS;
    if (own && name !== own.name && !isWorld) {
      const isForDevelopment = isTest(file.path) || entry.isTypeOnly || isBuildConfiguration(file.path);
      const isAllowed =
        own.dependencies.includes(name) ||
        (isForDevelopment && own.devDependencies.includes(name)) ||
        (entry.isTypeOnly && [...own.dependencies, ...own.devDependencies].includes(`@types/${name}`));
      if (!isAllowed) problems.push(`${at} ${name} is not among the dependencies of ${room}/package.json`);
    }
    return problems;
  });
}

function isBuildConfiguration(path: string): boolean {
  return /^apps\/web\/[^/]+$/.test(path);
}

/** Imports of a scanner or tool file beyond types, zod, pure functions and its own parts. */
export function scannerViolations(file: TextFile): string[] {
  if (!/^packages\/(scanners|tools)\/src\//.test(file.path) || isTest(file.path)) return [];
  return importsOf(file).flatMap(entry => {
    const at = `${file.path}:${entry.line}`;
    const isScannerFile = /^packages\/(scanners|tools)\/src\/[^/]+\.ts$/.test(file.path);
    const isDoor = /\/(index|registry\.generated)\.ts$/.test(file.path);
    if (isScannerFile && !isDoor && /^\.\/[^/]+$/.test(entry.specifier))
      return [`${at} a scanner does not import a sibling: share it in parts/`];
    if (entry.isTypeOnly || entry.specifier !== '@glacis/foundation') return [];
    return entry.names
      .filter(name => !PURE_OF_FOUNDATION.has(name) && /^[a-z]/.test(name))
      .map(
        name => `${at} takes ${name} from foundation: use the capability in the scanner’s context instead`,
      );
  });
}

/** Dependencies on packages of Glacis that no file imports. */
export function unusedGlacis(manifest: Manifest, files: readonly TextFile[]): string[] {
  const used = new Set(
    files
      .filter(file => roomOf(file.path) === manifest.room)
      .flatMap(file => importsOf(file).map(i => packageOf(i.specifier))),
  );
  return [...manifest.dependencies, ...manifest.devDependencies]
    .filter(name => name.startsWith('@glacis/') && !used.has(name))
    .map(name => `${manifest.room}/package.json lists ${name}, which nothing there imports`);
}
