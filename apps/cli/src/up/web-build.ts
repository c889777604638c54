import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment, OperationalError } from '@glacis/foundation';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const WEB = join(ROOT, 'apps', 'web');
const SOURCES = [
  'apps/web/{index.html,package.json,vite.config.ts}',
  'apps/web/{src,public}/**/*',
  'packages/contract/src/**/*.ts',
  'package-lock.json',
];

/** Builds the web app unless its sources are those of the last build. @throws OperationalError with the end of the build's output. */
export async function buildWebApp(): Promise<void> {
  if (!existsSync(join(WEB, 'index.html'))) return;
  const hash = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: ROOT, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()) {
    hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  }
  const wanted = hash.digest('hex');
  const stamp = join(WEB, 'dist', '.sources');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const child = spawn(process.execPath, [vite, 'build'], {
    cwd: WEB,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment({ NODE_ENV: 'production' }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-4000)));
  const code = await new Promise<number | null>(resolve =>
    child.once('exit', resolve).once('error', () => resolve(-1)),
  );
  if (code !== 0)
    throw new OperationalError('internal.web-build', `The web app could not be built:\n${output}`);
  writeFileSync(stamp, wanted);
}
