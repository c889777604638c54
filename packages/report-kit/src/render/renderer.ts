import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { discoverChromium } from '../browser/discover.ts';
import type { Chromium } from '../browser/discover.ts';
import { startBrowser } from '../browser/process.ts';
import type { BrowserProcess } from '../browser/process.ts';
import { openBrowser } from '../browser/playwright.ts';
import type { LaunchOptions, LaunchedBrowser } from '../browser/playwright.ts';
import { RenderError } from '../message.ts';
import type { RenderJob, RenderResult } from './job.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { residentBytes } from './memory.ts';
import { drawAll } from './pictures.ts';
import type { Drawing, DrawingRequest } from './pictures.ts';
import { runJob } from './run-job.ts';
import { watchJob } from './watch.ts';
import { PageSession } from './page-session.ts';

/** Options of {@link createRenderer}. */
export interface RendererOptions {
  /** Path of a Chromium, or `bundled` for the npm package's; without it one is looked for. */
  readonly executablePath?: string | undefined;
  /** Who Chromium runs as when this process is root; without it `nobody`. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Folder for profiles; the browser's user must be able to enter it. */
  readonly scratchDir?: string | undefined;
  /** Browsers kept started for the next jobs; 1 when not given. */
  readonly warm?: number | undefined;
  /**
   * Renders one document over and over, as a preview does: a browser then goes on with the next version of it in an empty
   * page. Never for jobs of different people or designs, since a hostile page may have broken into its browser.
   */
  readonly isOneDocument?: boolean | undefined;
}

/** Renders jobs, each in a browser of its own that is used once. */
export interface Renderer {
  readonly chromium: Chromium;
  render(job: RenderJob): Promise<RenderResult>;
  /** Draws vectors and diagrams for outputs without a browser, in one of their own; a sentence says why one cannot be drawn. */
  draw(requests: readonly DrawingRequest[]): Promise<(Drawing | string)[]>;
  /** A fresh browser under Playwright's control, for screenshots; the caller closes it. */
  launchBrowser(options?: LaunchOptions): Promise<LaunchedBrowser>;
  close(): Promise<void>;
}

/** A browser that has grown beyond this is not used again. */
const REUSED_BYTES = 1024 ** 3;

const isSmall = ({ browser }: PageSession): boolean => (residentBytes(browser.pid) ?? 0) < REUSED_BYTES;

class ChromiumRenderer implements Renderer {
  readonly chromium: Chromium;
  readonly #options: RendererOptions;
  readonly #ready: Promise<PageSession>[] = [];
  readonly #running = new Set<BrowserProcess>();
  #isClosed = false;

  constructor(chromium: Chromium, options: RendererOptions) {
    this.chromium = chromium;
    this.#options = options;
    this.#refill();
  }

  async render(job: RenderJob): Promise<RenderResult> {
    const startedAt = performance.now();
    return this.#inFreshPage(async session => {
      const startMs = performance.now() - startedAt;
      const result = await runJob(session, job, this.chromium.isSandboxed);
      return {
        ...result,
        timings: { start: startMs, ...result.timings, total: performance.now() - startedAt },
      };
    });
  }

  async draw(requests: readonly DrawingRequest[]): Promise<(Drawing | string)[]> {
    if (requests.length === 0) return [];
    return this.#inFreshPage(async session =>
      watchJob(session, DEFAULT_LIMITS, undefined, async () => drawAll(session, requests, DEFAULT_LIMITS)),
    );
  }

  async #inFreshPage<T>(work: (session: PageSession) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new RenderError('renderer-closed', 'The renderer has been closed.');
    const session = await this.#take();
    let isIntact = false;
    try {
      const result = await work(session);
      isIntact = true;
      return result;
    } finally {
      if (isIntact && this.#options.isOneDocument === true && isSmall(session)) this.#reuse(session);
      else await this.#end(session);
    }
  }

  async launchBrowser(options: LaunchOptions = {}): Promise<LaunchedBrowser> {
    const process = await startBrowser({ ...this.#command(), ...options });
    this.#running.add(process);
    return openBrowser(process, () => this.#running.delete(process));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const warm = await Promise.allSettled(this.#ready.splice(0));
    const sessions = warm.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value.browser] : []));
    await Promise.all([...sessions, ...this.#running].map(async browser => browser.close()));
  }

  #command() {
    const { executablePath, libraryPath, fontPath, user, isSandboxed } = this.chromium;
    return { executablePath, libraryPath, fontPath, user, isSandboxed, scratchDir: this.#options.scratchDir };
  }

  async #start(): Promise<PageSession> {
    const browser = await startBrowser(this.#command());
    this.#running.add(browser);
    const session = new PageSession(browser);
    try {
      await session.open();
      // A preview's documents are small, and its browser is kept: one page is enough.
      if (availableParallelism() > 1 && this.#options.isOneDocument !== true) {
        session.beside = new PageSession(browser);
        await session.beside.open();
      }
    } catch (error) {
      this.#running.delete(browser);
      await browser.close();
      throw error;
    }
    return session;
  }

  async #end({ browser }: PageSession): Promise<void> {
    this.#running.delete(browser);
    await browser.close();
    this.#refill();
  }

  /** Lets the browser have the next version of its document. */
  #reuse(session: PageSession): void {
    const emptied = session.empty().then(() => session);
    emptied.catch(async () => this.#end(session));
    this.#ready.unshift(emptied);
  }

  async #take(): Promise<PageSession> {
    const warm = this.#ready.shift();
    if (!warm) return this.#start();
    return warm.catch(async () => this.#start());
  }

  /** Starts the next browsers only when a job has ended: while one runs, the processors are its own. */
  #refill(): void {
    while (!this.#isClosed && this.#ready.length < (this.#options.warm ?? 1)) {
      const session = this.#start();
      session.catch(() => undefined);
      this.#ready.push(session);
    }
  }
}

/** Finds a Chromium and keeps `warm` browsers started; throws `chromium-missing` with what to do when there is none. */
export async function createRenderer(options: RendererOptions = {}): Promise<Renderer> {
  if (options.scratchDir !== undefined) await mkdir(options.scratchDir, { recursive: true, mode: 0o755 });
  const { chromium, reasons } = await discoverChromium(options);
  if (!chromium) throw new RenderError('chromium-missing', reasons.join(' '));
  return new ChromiumRenderer(chromium, options);
}
