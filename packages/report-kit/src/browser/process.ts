import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { ProtocolPipe } from './pipe.ts';

/** What to start, as whom, and where it may write. */
export interface BrowserCommand {
  readonly executablePath: string;
  readonly libraryPath?: string | undefined;
  readonly fontPath?: string | undefined;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly scratchDir?: string | undefined;
  readonly isSandboxed: boolean;
  /** `host:port` of an HTTP proxy; without one every request that is not answered by the caller fails. */
  readonly proxyServer?: string | undefined;
  readonly extraArguments?: readonly string[];
}

/** A running Chromium: its pipe, and the way to end all of its processes. */
export interface BrowserProcess {
  readonly pipe: ProtocolPipe;
  readonly pid: number;
  readonly folder: string;
  /** The last 4,000 characters that Chromium wrote to its error output. */
  errorOutput(): string;
  /** Kills the whole process group and removes its folder; safe to call twice. */
  close(): Promise<void>;
}

/** Port 9 (discard) on loopback: nothing answers there, so a request that slips past interception fails at once. */
const NO_PROXY = '127.0.0.1:9';

function launchArguments(command: BrowserCommand, profile: string): string[] {
  const proxy = command.proxyServer ?? NO_PROXY;
  return [
    '--headless',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    `--proxy-server=${proxy}`,
    // Chromium sends loopback requests past a proxy unless told not to: they are what a hostile page would try first.
    '--proxy-bypass-list=<-loopback>',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--disable-quic',
    '--dns-prefetch-disable',
    '--no-first-run',
    '--no-default-browser-check',
    '--no-pings',
    '--disable-background-networking',
    '--disable-breakpad',
    '--disable-client-side-phishing-detection',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-dev-shm-usage',
    '--disable-domain-reliability',
    '--disable-extensions',
    '--disable-gpu',
    '--disable-notifications',
    '--disable-sync',
    '--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication,InterestFeedContentSuggestions',
    '--font-render-hinting=none',
    '--hide-scrollbars',
    '--metrics-recording-only',
    '--mute-audio',
    '--password-store=basic',
    '--use-mock-keychain',
    '--deny-permission-prompts',
    // No pop-up: a second page would not have this one's request filter.
    '--block-new-web-contents',
    ...(command.isSandboxed ? [] : ['--no-sandbox']),
    ...(command.extraArguments ?? []),
    'about:blank',
  ];
}

function fontConfiguration(fontPath: string, cache: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${fontPath}</dir><cachedir>${cache}</cachedir></fontconfig>
`;
}

async function prepareFolder(command: BrowserCommand): Promise<string> {
  const folder = await mkdtemp(join(command.scratchDir ?? tmpdir(), 'report-kit-'));
  const profile = join(folder, 'profile');
  await mkdir(profile, { mode: 0o700 });
  if (command.fontPath !== undefined)
    await writeFile(
      join(folder, 'fonts.conf'),
      fontConfiguration(command.fontPath, join(folder, 'font-cache')),
    );
  if (command.user) {
    await chown(profile, command.user.uid, command.user.gid);
    await chown(folder, command.user.uid, command.user.gid);
  }
  await chmod(folder, 0o700);
  return folder;
}

function environment(command: BrowserCommand, folder: string): Record<string, string> {
  return {
    HOME: folder,
    TMPDIR: folder,
    XDG_CONFIG_HOME: folder,
    XDG_CACHE_HOME: folder,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...(command.libraryPath === undefined ? {} : { LD_LIBRARY_PATH: command.libraryPath }),
    ...(command.fontPath === undefined ? {} : { FONTCONFIG_FILE: join(folder, 'fonts.conf') }),
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/** Starts Chromium in its own process group; resolves once it answers, rejects with its error output. */
export async function startBrowser(command: BrowserCommand): Promise<BrowserProcess> {
  const folder = await prepareFolder(command);
  const child = spawn(command.executablePath, launchArguments(command, join(folder, 'profile')), {
    cwd: folder,
    detached: true,
    env: environment(command, folder),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    ...(command.user ? { uid: command.user.uid, gid: command.user.gid } : {}),
  });
  let errorText = '';
  const [, , errors, input, output] = child.stdio;
  errors?.on('data', (chunk: Buffer) => {
    errorText = (errorText + chunk.toString('utf8')).slice(-4_000);
  });
  const hasEnded = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', error => {
      errorText += error.message;
      resolve();
    });
  });
  const close = async (): Promise<void> => {
    killGroup(child);
    await hasEnded;
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  };
  if (!(input instanceof Writable) || !(output instanceof Readable)) {
    await close();
    throw new Error(`Chromium could not be started (${command.executablePath}).`);
  }
  const pipe = new ProtocolPipe(input, output);
  const browser: BrowserProcess = { pipe, pid: child.pid ?? 0, folder, errorOutput: () => errorText, close };
  const started = await Promise.race([
    pipe.send('Browser.getVersion').then(
      () => true,
      () => false,
    ),
    hasEnded.then(() => false),
    new Promise<boolean>(resolve => setTimeout(() => resolve(false), 20_000).unref()),
  ]);
  if (started) return browser;
  await close();
  const reason = errorText.trim().split('\n').slice(-3).join(' · ');
  throw new Error(`Chromium did not start (${command.executablePath})${reason === '' ? '' : `: ${reason}`}`);
}
