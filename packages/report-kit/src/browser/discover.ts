import { access, constants, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { bundledChromium } from './bundled.ts';
import { startBrowser } from './process.ts';

/** A Chromium that has been started once and answered. */
export interface Chromium {
  readonly executablePath: string;
  readonly version: string;
  /** Whether Chromium's own sandbox works here; false means that the kernel refuses user namespaces. */
  readonly isSandboxed: boolean;
  /** Folder for `LD_LIBRARY_PATH`, when the machine may lack Chromium's libraries. */
  readonly libraryPath?: string;
  readonly fontPath?: string;
  /** The unprivileged user it runs as, when this process is root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** What {@link discoverChromium} found; without `chromium`, `reasons` says what was tried and what to do. */
export interface Discovery {
  readonly chromium?: Chromium;
  readonly reasons: readonly string[];
}

/** As `executablePath`: the npm package's Chromium, even where the system has one. */
export const BUNDLED = 'bundled';

/** Options of {@link discoverChromium}. */
export interface DiscoveryOptions {
  /** Path of a Chromium, or `bundled`; without it one is looked for. */
  readonly executablePath?: string | undefined;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly scratchDir?: string | undefined;
}

/**
 * The shell without a window system comes first: it renders the same, and the pentest design with 100 findings took it
 * 1.1 s where Debian's full Chromium took 4 s on the same busy machine. The npm package is a shell as well.
 */
const SHELLS = ['chrome-headless-shell', 'chromium-headless-shell'];
const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge',
];
const MAC_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** `nobody` on Linux: owns nothing, so a browser that is broken out of can write nothing of ours. */
const NOBODY = { uid: 65_534, gid: 65_534 };

interface Candidate {
  readonly executablePath: string;
  readonly libraryPath?: string;
  readonly fontPath?: string;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function onPath(names: readonly string[]): Promise<Candidate[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => isAbsolute(folder));
  const paths = [
    ...(names === NAMES ? MAC_PATHS : []),
    ...names.flatMap(name => folders.map(folder => join(folder, name))),
  ];
  const checks = await Promise.all(paths.map(async path => ((await isExecutable(path)) ? path : undefined)));
  return checks.flatMap(path => (path === undefined ? [] : [{ executablePath: path }]));
}

/** The first folder above `path` that an unprivileged user cannot enter. */
async function closedFolder(path: string): Promise<string | undefined> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined);
    if (info && (info.mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

async function attempt(candidate: Candidate, options: DiscoveryOptions): Promise<Chromium> {
  const user = process.getuid?.() === 0 ? (options.user ?? NOBODY) : undefined;
  if (user) {
    const folder = await closedFolder(candidate.executablePath);
    if (folder !== undefined)
      throw new Error(
        `Chromium must not run as root, and an unprivileged user cannot enter ${folder}: put it below a folder that all may enter.`,
      );
  }
  const start = async (isSandboxed: boolean) => {
    const browser = await startBrowser({ ...candidate, user, scratchDir: options.scratchDir, isSandboxed });
    const { product } = await browser.pipe.send('Browser.getVersion');
    await browser.close();
    return { ...candidate, version: String(product), isSandboxed, ...(user ? { user } : {}) };
  };
  try {
    return await start(true);
  } catch (error) {
    if (!(error instanceof Error) || !/sandbox|namespace/i.test(error.message)) throw error;
    return start(false);
  }
}

/** Looks for a Chromium that starts: the given one; else a headless shell, the system's or the npm package's; else the system's full one. */
export async function discoverChromium(options: DiscoveryOptions = {}): Promise<Discovery> {
  const reasons: string[] = [];
  const tryAll = async (candidates: readonly Candidate[]): Promise<Chromium | undefined> => {
    for (const candidate of candidates) {
      try {
        return await attempt(candidate, options);
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
      }
    }
    return undefined;
  };
  if (options.executablePath !== undefined && options.executablePath !== BUNDLED) {
    const chromium = await tryAll([{ executablePath: options.executablePath }]);
    return chromium ? { chromium, reasons } : { reasons };
  }
  const shell = options.executablePath === BUNDLED ? undefined : await tryAll(await onPath(SHELLS));
  if (shell) return { chromium: shell, reasons };
  const bundled = await bundledChromium().catch((error: unknown) => {
    reasons.push(error instanceof Error ? error.message : String(error));
    return undefined;
  });
  const chromium =
    (bundled && (await tryAll([bundled]))) ??
    (options.executablePath === BUNDLED ? undefined : await tryAll(await onPath(NAMES)));
  if (chromium) return { chromium, reasons };
  if (reasons.length === 0)
    reasons.push('No Chromium was found: install chromium or google-chrome, or give the path of one.');
  return { reasons };
}
