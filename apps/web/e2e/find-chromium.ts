import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** A Chromium to look at the app with, and what its process needs in its environment. */
export interface FoundChromium {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/**
 * Looks where the product looks: GLACIS_CHROMIUM, the system's, then the one that the renderer unpacked from its npm
 * package. @throws Error when there is none.
 */
export function findChromium(): FoundChromium {
  const given = process.env['GLACIS_CHROMIUM'];
  if (given) return { executablePath: given, env: {} };
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => isAbsolute(folder));
  const system = NAMES.flatMap(name => folders.map(folder => join(folder, name))).find(path =>
    existsSync(path),
  );
  if (system) return { executablePath: system, env: {} };
  const caches = ['/var/cache', process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), tmpdir()].flatMap(
    folder => globSync(join(folder, 'report-kit*', 'chromium-*', 'chromium')),
  );
  const [unpacked] = caches;
  if (!unpacked) throw new Error('No Chromium was found: install one, or set GLACIS_CHROMIUM to its path.');
  const folder = dirname(unpacked);
  return {
    executablePath: unpacked,
    env: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: fontsOf(folder) },
  };
}

/**
 * The package's own font configuration names folders that do not exist here. Without any font even those of the page
 * are not drawn: text has no height, and nobody notices that it cannot be read.
 */
function fontsOf(folder: string): string {
  const scratch = mkdtempSync(join(tmpdir(), 'glacis-e2e-fonts-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const file = join(scratch, 'fonts.conf');
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${join(folder, 'fonts')}</dir><dir>/usr/share/fonts</dir><cachedir>${join(scratch, 'cache')}</cachedir></fontconfig>`,
  );
  return file;
}
