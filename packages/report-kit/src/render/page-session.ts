import { z } from 'zod';
import type { BrowserProcess } from '../browser/process.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { fontFile } from './fonts.ts';
import { ORIGIN } from './origin.ts';
import { PAGE_HEADERS, contentType, diagramScript, pageScript, shellPage } from './resources.ts';

const pausedRequest = z.object({
  requestId: z.string(),
  request: z.object({ url: z.string(), method: z.string() }),
  resourceType: z.string().optional(),
});

const evaluation = z.object({
  result: z.object({ value: z.unknown().optional() }),
  exceptionDetails: z
    .object({ text: z.string(), exception: z.object({ description: z.string().optional() }).optional() })
    .optional(),
});

/** Finds an asset's bytes by the name after `assets/`. */
export type AssetSource = (name: string) => Uint8Array | undefined;

/** Answers what the page asks Node for; see `kit.ask` in the page. */
export type PageQuestions = Readonly<Record<string, (value: unknown) => Promise<unknown>>>;

/** Arguments longer than this are encoded: on its way to the page, JSON within JSON takes twice as long as base64. Texts are left as they are. */
const ENCODED_CHARACTERS = 10_000;

const ASSET_PATH = /^\/(?:assets\/name|images\/name|files\/name|assets|images)\/(.+)$/;

/** One page of one browser: nothing but the job's own resources reaches it. */
export class PageSession {
  readonly browser: BrowserProcess;
  messages: Message[] = [];
  /** Paths of the fonts that the text of an HTML file uses. */
  servedFonts = new Set<string>();
  assets: AssetSource = () => undefined;
  questions: PageQuestions = {};
  #sessionId = '';
  #blocked = new Set<string>();
  /** Whether the page may be opened: once a job is in it, it stays. */
  #isOpening = false;
  /** Another page for the same job, in a process of its own: it prints parts while this one prints others. */
  beside: PageSession | undefined;

  constructor(browser: BrowserProcess) {
    this.browser = browser;
  }

  /** Opens the empty page with Vue and the page scripts in it; a job is given to it later. */
  async open(): Promise<void> {
    const { pipe } = this.browser;
    const { targetId } = await pipe.send('Target.createTarget', { url: 'about:blank' });
    const attached = await pipe.send('Target.attachToTarget', { targetId, flatten: true });
    this.#sessionId = String(attached['sessionId']);
    pipe.on('Fetch.requestPaused', (params, sessionId) => {
      if (sessionId === this.#sessionId) void this.#answer(params).catch(() => undefined);
    });
    pipe.on('Runtime.bindingCalled', (params, sessionId) => {
      if (sessionId === this.#sessionId) void this.#reply(params).catch(() => undefined);
    });
    // A dialogue that nobody answers would stop the page.
    pipe.on('Page.javascriptDialogOpening', (_params, sessionId) => {
      if (sessionId !== this.#sessionId) return;
      void this.send('Page.handleJavaScriptDialog', { accept: false }).catch(() => undefined);
    });
    await Promise.all([
      this.send('Page.enable'),
      this.send('Runtime.enable'),
      this.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      this.send('Runtime.addBinding', { name: 'reportKitAsk' }),
      this.send('Browser.setDownloadBehavior', { behavior: 'deny' }).catch(() => undefined),
      this.send('Emulation.setEmulatedMedia', { media: 'print' }),
    ]);
    await this.empty();
  }

  /** Opens the empty page anew: nothing of a job is left but what Chromium has learnt of its fonts and scripts. */
  async empty(): Promise<void> {
    const { pipe } = this.browser;
    this.messages = [];
    this.servedFonts = new Set();
    this.assets = () => undefined;
    this.questions = {};
    this.#blocked.clear();
    const loaded = new Promise<void>(resolve => {
      const stop = pipe.on('Page.loadEventFired', (_params, sessionId) => {
        if (sessionId !== this.#sessionId) return;
        stop();
        resolve();
      });
    });
    this.#isOpening = true;
    await this.send('Page.navigate', { url: `${ORIGIN}/` });
    await loaded;
    this.#isOpening = false;
    await this.call('warmFonts', null);
  }

  /** Makes this page another one of that page's job. */
  follow(main: PageSession): void {
    this.messages = main.messages;
    this.assets = main.assets;
    this.#blocked = main.#blocked;
  }

  /** Sends a protocol command to this page. */
  async send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    return this.browser.pipe.send(method, params, this.#sessionId);
  }

  /** Calls `reportKit.<name>(argument)` in the page and resolves with its JSON value. */
  async call(name: string, argument: unknown): Promise<unknown> {
    const json = JSON.stringify(argument) ?? 'null';
    const value =
      json.length < ENCODED_CHARACTERS || typeof argument === 'string'
        ? json
        : `reportKit.decoded("${Buffer.from(json, 'utf8').toString('base64')}")`;
    const answer = evaluation.parse(
      await this.send('Runtime.evaluate', {
        expression: `reportKit[${JSON.stringify(name)}](${value})`,
        awaitPromise: true,
        returnByValue: true,
      }),
    );
    if (answer.exceptionDetails) {
      const { text, exception } = answer.exceptionDetails;
      if (exception?.description?.startsWith('ReferenceError: reportKit is not defined') === true)
        throw new RenderError(
          'page-left',
          'The template opened another page in place of the document: leave out what changes window.location.',
        );
      throw new RenderError(
        'template-failed',
        `The template failed: ${(exception?.description ?? text).split('\n')[0] ?? text}`,
      );
    }
    return answer.result.value;
  }

  async #reply(params: Record<string, unknown>): Promise<void> {
    const asked = z
      .object({ id: z.number(), kind: z.string(), value: z.unknown() })
      .parse(JSON.parse(String(params['payload'])));
    const answer = (await this.questions[asked.kind]?.(asked.value)) ?? null;
    await this.call('answered', { id: asked.id, answer });
  }

  async #fulfil(
    requestId: string,
    body: Uint8Array,
    headers: readonly { name: string; value: string }[],
  ): Promise<void> {
    await this.send('Fetch.fulfillRequest', {
      requestId,
      responseCode: 200,
      responseHeaders: [...headers, { name: 'access-control-allow-origin', value: '*' }],
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'),
    });
  }

  async #answer(params: Record<string, unknown>): Promise<void> {
    const { requestId, request, resourceType } = pausedRequest.parse(params);
    const url = URL.parse(request.url);
    if (resourceType === 'Document' && !this.#isOpening) {
      this.#report(request.url);
      // Not blocked but given up, which leaves the page that is there.
      await this.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      return;
    }
    if (url?.origin === ORIGIN && request.method === 'GET') {
      if (url.pathname === '/') return this.#fulfil(requestId, Buffer.from(shellPage()), PAGE_HEADERS);
      // Chromium asks for this by itself at times.
      if (url.pathname === '/favicon.ico') return this.#fulfil(requestId, Buffer.alloc(0), []);
      if (url.pathname === '/page.js')
        return this.#fulfil(requestId, Buffer.from(pageScript()), [
          { name: 'content-type', value: 'text/javascript' },
        ]);
      if (url.pathname === '/mermaid.js')
        return this.#fulfil(requestId, diagramScript(), [{ name: 'content-type', value: 'text/javascript' }]);
      const font = fontFile(url.pathname);
      // The page fetches the usual faces before there is a job; see `freshFonts` in the page.
      if (font && url.search !== '') this.servedFonts.add(url.pathname);
      if (font) return this.#fulfil(requestId, font, [{ name: 'content-type', value: 'font/woff2' }]);
      const name = ASSET_PATH.exec(url.pathname)?.[1];
      const decoded = name === undefined ? undefined : decodeURIComponent(name);
      const bytes = decoded === undefined ? undefined : this.assets(decoded);
      if (decoded !== undefined && bytes)
        return this.#fulfil(requestId, bytes, [{ name: 'content-type', value: contentType(decoded, bytes) }]);
      if (decoded === undefined) this.#report(request.url);
    } else if (url?.protocol !== 'data:') this.#report(request.url);
    await this.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' });
  }

  #report(url: string): void {
    if (this.#blocked.has(url) || this.#blocked.size >= 100) return;
    this.#blocked.add(url);
    this.messages.push({
      level: 'warning',
      code: 'request-blocked',
      text: `A request to ${url.slice(0, 200)} was refused: a report can only use its own assets. Add the file to the design's assets and refer to it as assets/NAME.`,
      location: { url: url.slice(0, 500) },
    });
  }
}
