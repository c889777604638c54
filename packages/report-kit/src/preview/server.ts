import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, resolve } from 'node:path';
import { messagesOf } from '../command/failure.ts';
import { readInputs } from '../command/inputs.ts';
import type { Inputs } from '../command/inputs.ts';
import { placeOf } from '../command/report.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/renderer.ts';
import { previewPage } from './page.ts';

/** What to show, and where. */
export interface PreviewOptions {
  readonly design: string;
  readonly project?: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
  readonly chromium?: string | undefined;
}

/** A running preview; `close` ends its browser and its server. */
export interface Preview {
  readonly url: string;
  close(): Promise<void>;
}

type Kind = 'pdf' | 'html';

/** One version of the document: what the files held, and what was made of it so far. */
interface Shown {
  readonly inputs?: Inputs;
  readonly documents: Map<Kind, Promise<Uint8Array>>;
  readonly messages: readonly Message[];
  readonly tookMs: number;
}

/** Editors write a file in several steps; this long after the last one it is read. */
const SETTLE_MS = 25;

class PreviewServer {
  readonly #options: PreviewOptions;
  readonly #renderer: Renderer;
  readonly #listeners = new Set<ServerResponse>();
  #shown: Shown = { documents: new Map(), messages: [], tookMs: 0 };
  /** What is looked at: this is rendered at once, the other when it is asked for. */
  #kind: Kind = 'pdf';
  #version = 0;
  #isBusy = false;
  #isStale = false;

  constructor(options: PreviewOptions, renderer: Renderer) {
    this.#options = options;
    this.#renderer = renderer;
  }

  /** Renders what the files hold now; a change meanwhile makes it render once more. */
  async refresh(): Promise<void> {
    this.#isStale = true;
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#isStale) {
      this.#isStale = false;
      this.#shown = await this.#render();
      this.#version++;
      for (const listener of this.#listeners) listener.write(`data: ${this.#version}\n\n`);
    }
    this.#isBusy = false;
  }

  async #render(): Promise<Shown> {
    const from = performance.now();
    const kind = this.#kind;
    try {
      const inputs = await readInputs(this.#options);
      const { bytes, messages } = await this.#documentOf(inputs, kind);
      const documents = new Map([[kind, Promise.resolve(bytes)]]);
      return { inputs, documents, messages, tookMs: performance.now() - from };
    } catch (error) {
      const messages = messagesOf(error);
      return { ...this.#shown, messages, tookMs: performance.now() - from };
    }
  }

  async #documentOf({ design, data, assets }: Inputs, output: Kind) {
    return this.#renderer.render({ design, data, assets, output, isDraft: true });
  }

  /** The document of that kind as last rendered; undefined while there is none. */
  async #document(kind: Kind): Promise<Uint8Array | undefined> {
    this.#kind = kind;
    const { inputs, documents } = this.#shown;
    if (!documents.has(kind) && inputs)
      documents.set(
        kind,
        this.#documentOf(inputs, kind).then(({ bytes }) => bytes),
      );
    return documents.get(kind)?.catch(() => undefined);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page of another site that resolves its name to loopback must not read the report.
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(host)) {
      response.writeHead(421).end('This preview answers on 127.0.0.1 only.\n');
      return;
    }
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(`data: ${this.#version}\n\n`);
      this.#listeners.add(response);
      request.on('close', () => this.#listeners.delete(response));
      return;
    }
    const [type, body] = await this.#body(pathname);
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(body ?? 'There is nothing here yet.\n');
  }

  async #body(path: string): Promise<[string, Uint8Array | string | undefined]> {
    if (path === '/') return ['text/html; charset=utf-8', previewPage(this.#options.design)];
    if (path === '/document.pdf') return ['application/pdf', await this.#document('pdf')];
    if (path === '/document.html') return ['text/html; charset=utf-8', await this.#document('html')];
    if (path === '/state.json') {
      const { messages, tookMs } = this.#shown;
      return [
        'application/json',
        JSON.stringify({
          version: this.#version,
          tookMs: Math.round(tookMs),
          messages: messages.map(message => ({ ...message, text: `${placeOf(message)}${message.text}` })),
        }),
      ];
    }
    return ['text/plain; charset=utf-8', undefined];
  }

  end(): void {
    for (const listener of this.#listeners) listener.end();
  }
}

async function watchFolder(path: string, onChange: () => void): Promise<FSWatcher | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return undefined;
  return watch(info.isDirectory() ? path : dirname(path), { recursive: true }, onChange);
}

/** Serves the preview on 127.0.0.1 and renders again when design or project change. */
export async function servePreview(options: PreviewOptions): Promise<Preview> {
  const renderer = await createRenderer({ executablePath: options.chromium, warm: 1, isOneDocument: true });
  const preview = new PreviewServer(options, renderer);
  await preview.refresh();
  let timer: NodeJS.Timeout | undefined;
  const onChange = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void preview.refresh(), SETTLE_MS);
  };
  const watchers = await Promise.all(
    [options.design, options.project].map(async path =>
      path === undefined ? undefined : watchFolder(resolve(path), onChange),
    ),
  );
  const server = createServer((request, response) => void preview.handle(request, response));
  const close = async (): Promise<void> => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher?.close();
    preview.end();
    server.closeAllConnections();
    await new Promise(done => server.close(done));
    await renderer.close();
  };
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, '127.0.0.1', done);
  }).catch(async (error: NodeJS.ErrnoException) => {
    // The browser would keep the process waiting for ever.
    await close();
    throw new RenderError(
      'port-unusable',
      `The port ${options.port} is taken or may not be used (${error.code ?? error.message}): choose another, or leave it out.`,
    );
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}/`,
    close,
  };
}
