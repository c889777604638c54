import { encode } from 'uqr';
import { z } from 'zod';
import { compileDesign } from '../design/compile.ts';
import { prepareData } from '../design/data.ts';
import { labelledStyle, labelsFor } from '../design/design.ts';
import { buildHtml } from '../html/document.ts';
import { variablesFrom } from '../markdown/index.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { extendCatalog, writeAttachments } from '../pdf/attachments.ts';
import { encryptPdf } from '../pdf/encrypt.ts';
import { writeMetadata } from '../pdf/metadata.ts';
import { layOver } from '../pdf/overlay.ts';
import { PdfUpdate } from '../pdf/update.ts';
import { printWithWeasyPrint } from '../pdf/weasyprint.ts';
import { isAccessible } from './accessible.ts';
import { checkAssets } from './assets.ts';
import { drawDiagrams } from './diagrams.ts';
import { DEFAULT_SIZE } from './css/page-rules.ts';
import { contentWidth, rewriteStyle } from './css/rewrite.ts';
import type { PagedStyle } from './css/rewrite.ts';
import { textAt } from './job.ts';
import type { RenderJob, RenderResult } from './job.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { RenderLimits } from './limits.ts';
import { MarkdownTexts } from './markdown-texts.ts';
import { inStyleFile, placeOf, withPlaces } from './located.ts';
import { pageSummary } from './page-summary.ts';
import type { PageSession } from './page-session.ts';
import { DocumentPrinter } from './print-document.ts';
import type { PrintedSheets } from './sheets.ts';
import { watchJob } from './watch.ts';

const SANDBOX_OFF =
  "Chromium's sandbox does not work here, because the kernel refuses user namespaces: allow them (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile for Chromium) before rendering designs you do not trust.";

/** A QR code's rows of dark (true) and light squares; null when the text is too long for one. */
function qrRows(text: string): boolean[][] | null {
  try {
    return encode(text, { ecc: 'M', border: 1 }).data;
  } catch {
    return null;
  }
}

function layOverAll(update: PdfUpdate, sheets: readonly PrintedSheets[]): void {
  for (const { numbers, bytes } of sheets)
    layOver(
      update,
      bytes,
      numbers.map(number => number - 1),
    );
}

/** One job in one page, step by step. */
class JobRun {
  readonly #session: PageSession;
  readonly #job: RenderJob;
  readonly #limits: RenderLimits;
  readonly #language: string;
  readonly #timings: Record<string, number> = {};
  #data: unknown;
  #markdown: MarkdownTexts | undefined;

  constructor(session: PageSession, job: RenderJob, limits: RenderLimits) {
    this.#session = session;
    this.#job = job;
    this.#limits = limits;
    this.#language = job.language ?? job.design.language;
  }

  async #timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await work();
    this.#timings[name] = (this.#timings[name] ?? 0) + performance.now() - from;
    return result;
  }

  get #title(): string {
    return (
      this.#job.metadata?.title ?? textAt(this.#data, this.#job.design.titlePath) ?? this.#job.design.name
    );
  }

  get #messages(): Message[] {
    return withPlaces(this.#session.messages, this.#data, this.#job.design);
  }

  async run(): Promise<RenderResult> {
    const { design } = this.#job;
    const compiled = await this.#timed('compile', () => compileDesign(design));
    this.#session.messages.push(...compiled.messages);
    this.#failOnErrors('template-invalid', 'The template has errors, so nothing was rendered.');
    this.#data = await this.#timed('data', () => prepareData(design.data, this.#job.data));
    this.#giveResources();
    const labels = labelsFor(design, this.#language);
    const paged = await this.#timed('style', () =>
      rewriteStyle(labelledStyle(design.style, labels), this.#styleSource()),
    );
    this.#session.messages.push(...paged.messages.map(message => inStyleFile(message, design)));
    await this.#timed('template', async () => this.#render(compiled, paged));
    this.#failOnErrors('template-failed', 'The template failed, so there is no document.');
    if (this.#job.output === 'html') return this.#html(paged);
    if (this.#job.engine === 'weasyprint') return this.#weasyPrint();
    return this.#pdf();
  }

  #failOnErrors(code: string, text: string): void {
    const { messages } = this.#session;
    if (messages.some(({ level }) => level === 'error')) throw new RenderError(code, text, messages);
  }

  #giveResources(): void {
    const { design, assets } = this.#job;
    checkAssets(new Map([...design.assets, ...(assets ?? [])]), this.#limits);
    this.#session.assets = name => assets?.get(name) ?? design.assets.get(name);
    const { messages } = this.#session;
    const markdown = new MarkdownTexts(this.#data, messages, variablesFrom(this.#data));
    this.#markdown = markdown;
    this.#session.questions = {
      diagrams: async value => drawDiagrams(this.#session, value, this.#limits),
      place: async value => placeOf(this.#data, z.string().max(50_000).parse(value)),
      qrcode: async value => qrRows(z.string().max(10_000).parse(value)),
      markdown: async value => {
        const texts = z.array(z.string().max(5_000_000)).parse(value);
        return this.#timed('markdown', () => markdown.answer(texts));
      },
    };
  }

  /** `@import` of the job's own style sheets. */
  #styleSource() {
    return (url: string): string | undefined => {
      const name = /^\/?(?:assets\/name|assets)\/([^?#]+)$/.exec(url)?.[1];
      const bytes = name === undefined ? undefined : this.#session.assets(decodeURIComponent(name));
      return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    };
  }

  async #render(compiled: ReturnType<typeof compileDesign>, paged: PagedStyle) {
    const isPrinted = this.#job.output === 'pdf' && this.#job.engine !== 'weasyprint';
    // Laid out at the width of the printed page, so that what is measured is what is printed; by its height the page knows
    // that it is not for the screen (screen.js).
    const metrics = {
      width: Math.round(contentWidth(paged.rules)),
      height: isPrinted ? 1 : 1_000,
      deviceScaleFactor: 1,
      mobile: false,
    };
    await Promise.all(
      [this.#session, this.#session.beside].map(async session =>
        session?.send('Emulation.setDeviceMetricsOverride', metrics),
      ),
    );
    const defaultSize = paged.rules.findLast(rule => rule.name === '' && rule.size)?.size ?? DEFAULT_SIZE;
    const { code, partials, names } = compiled;
    const { design } = this.#job;
    const labels = labelsFor(design, this.#language);
    const job = {
      code,
      partials,
      names,
      labels,
      data: this.#data,
      language: this.#language,
      title: this.#title,
      partElements: this.#limits.partElements,
      printers: this.#session.beside ? 2 : 1,
      isPaged: this.#job.engine !== 'weasyprint',
      isScreen: this.#job.output === 'html',
    };
    const [rendered] = await Promise.all([
      this.#session.call('render', { ...job, paged: { ...paged, defaultSize } }),
      this.#session.browser.pipe.flushed().then(async () => this.#markdown?.readAhead(design.fields)),
    ]);
    const summary = pageSummary.parse(rendered);
    this.#session.messages.push(...summary.messages);
  }

  async #pdf(): Promise<RenderResult> {
    const needsPositions = z.boolean().parse(await this.#session.call('needsPositions', null));
    const { password } = this.#job;
    const printer = new DocumentPrinter({
      session: this.#session,
      limits: this.#limits,
      needsPositions,
      isTagged: this.#job.isDraft !== true,
      timed: async (name, work) => this.#timed(name, work),
    });
    const { body, pageCount, sheets, faults } = await printer.print();
    const { messages } = pageSummary.parse(await this.#session.call('summary', null));
    this.#session.messages.push(...messages);
    const update = new PdfUpdate(body);
    await this.#timed('overlay', () => layOverAll(update, sheets));
    const isClaimed = this.#job.isDraft !== true && (await isAccessible(this.#session, faults, this.#data));
    const bytes = await this.#timed('finish', () => this.#finish(update, isClaimed));
    const result =
      password === undefined || password === ''
        ? bytes
        : await this.#timed('encrypt', async () => encryptPdf(bytes, password));
    return { bytes: result, pageCount, messages: this.#messages, timings: this.#timings };
  }

  #finish(update: PdfUpdate, isClaimed: boolean): Uint8Array {
    const author = textAt(this.#data, this.#job.design.authorPath);
    const metadata = { author, ...this.#job.metadata, title: this.#title };
    const language = this.#language;
    extendCatalog(update, [
      writeMetadata(update, metadata, { language, isClaimed, now: new Date() }),
      writeAttachments(update, this.#job.attachments ?? new Map()),
    ]);
    return update.finish();
  }

  async #document(css: string, pageCss: string): Promise<string> {
    const body = z
      .string()
      .parse(await this.#timed('snapshot', async () => this.#session.call('snapshot', null)));
    const { servedFonts: fonts, assets } = this.#session;
    return this.#timed('html', () =>
      buildHtml({ body, css, pageCss, title: this.#title, language: this.#language, fonts, assets }),
    );
  }

  async #html(paged: PagedStyle): Promise<RenderResult> {
    const bytes = Buffer.from(await this.#document(paged.css, paged.pageCss), 'utf8');
    if (bytes.length > this.#limits.outputBytes)
      throw new RenderError('output-too-large', 'The HTML file is too large: use fewer or smaller pictures.');
    return { bytes, messages: this.#messages, timings: this.#timings };
  }

  async #weasyPrint(): Promise<RenderResult> {
    if (this.#job.password !== undefined && this.#job.password !== '')
      throw new RenderError(
        'weasyprint-password',
        'Passwords are set with Chromium only: leave out the engine or the password.',
      );
    const html = await this.#document(
      labelledStyle(this.#job.design.style, labelsFor(this.#job.design, this.#language)),
      '[data-page-of]::after { content: target-counter(attr(href), page); }',
    );
    const { bytes, messages } = await this.#timed('weasyprint', async () =>
      printWithWeasyPrint(html, this.#limits, this.#job.signal),
    );
    this.#session.messages.push(...messages);
    const pageCount =
      bytes.length > 0 ? Buffer.from(bytes).toString('latin1').split('/Type /Page\n').length - 1 : 0;
    return {
      bytes,
      ...(pageCount > 0 ? { pageCount } : {}),
      messages: this.#messages,
      timings: this.#timings,
    };
  }
}

/** Runs one job in a fresh page; the caller ends the browser whatever happens. */
export async function runJob(
  session: PageSession,
  job: RenderJob,
  isSandboxed: boolean,
): Promise<RenderResult> {
  const limits = { ...DEFAULT_LIMITS, ...job.limits };
  if (!isSandboxed) session.messages.push({ level: 'warning', code: 'sandbox-off', text: SANDBOX_OFF });
  return watchJob(session, limits, job.signal, async () => new JobRun(session, job, limits).run());
}
