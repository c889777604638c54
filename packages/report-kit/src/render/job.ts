import { z } from 'zod';
import { compileDesign } from '../design/compile.ts';
import { prepareData } from '../design/data.ts';
import { labelsFor } from '../design/design.ts';
import type { Design } from '../design/design.ts';
import { renderMarkdown } from '../markdown/index.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { readPositions } from '../pdf/positions.ts';
import { checkAssets } from './assets.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { RenderLimits } from './limits.ts';
import { pageSummary } from './page-summary.ts';
import type { PageSession } from './page-session.ts';
import { watchJob } from './watch.ts';

/** What to render: a design, its data, and the pictures that the data names. */
export interface RenderJob {
  readonly design: Design;
  readonly data: unknown;
  readonly assets?: ReadonlyMap<string, Uint8Array> | undefined;
  readonly output: 'pdf' | 'html';
  /** BCP 47; the design's own when not given. */
  readonly language?: string | undefined;
  /** Encrypts the PDF with AES-256. */
  readonly password?: string | undefined;
  readonly limits?: Partial<RenderLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The document, what was noticed, and how long each step took in milliseconds. */
export interface RenderResult {
  readonly bytes: Uint8Array;
  readonly pageCount?: number;
  readonly messages: readonly Message[];
  readonly timings: Readonly<Record<string, number>>;
}

/** Longest page that a design may reasonably have (A0, portrait, in CSS pixels): what needs more pages than allowed even so is not printed. */
const LEAST_PAGE_PX = 4_494;

/** The value at a dotted path, when it is a text. */
function textAt(data: unknown, path: string): string | undefined {
  let value: unknown = data;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function answerMarkdown(messages: Message[]) {
  return async (value: unknown): Promise<string[]> => {
    const texts = z.array(z.string().max(5_000_000)).parse(value);
    return texts.map(text => {
      const result = renderMarkdown(text);
      messages.push(...result.messages);
      return result.html;
    });
  };
}

async function readStream(session: PageSession, handle: string, limits: RenderLimits): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for (let size = 0; ;) {
    const { data, base64Encoded, eof } = await session.send('IO.read', { handle, size: 4 * 1024 * 1024 });
    const chunk = Buffer.from(String(data), base64Encoded === true ? 'base64' : 'latin1');
    size += chunk.length;
    if (size > limits.outputBytes)
      throw new RenderError(
        'output-too-large',
        `The PDF is larger than ${Math.round(limits.outputBytes / 1024 ** 2)} MB: use fewer or smaller pictures.`,
      );
    chunks.push(chunk);
    if (eof === true) break;
  }
  await session.send('IO.close', { handle });
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

async function print(session: PageSession, limits: RenderLimits, isFinal: boolean): Promise<Uint8Array> {
  const { stream } = await session.send('Page.printToPDF', {
    preferCSSPageSize: true,
    printBackground: true,
    // The first pass is only read for positions: without tags and outline it is a third faster.
    generateTaggedPDF: isFinal,
    generateDocumentOutline: isFinal,
    transferMode: 'ReturnAsStream',
  });
  return readStream(session, String(stream), limits);
}

function checkPages(count: number, limits: RenderLimits): void {
  if (count > limits.pages)
    throw new RenderError(
      'too-many-pages',
      `The document has ${count} pages, and ${limits.pages} are allowed: shorten it, or raise the limit.`,
    );
}

/** Runs one job in a fresh page; the caller ends the browser whatever happens. */
export async function runJob(
  session: PageSession,
  job: RenderJob,
  isSandboxed: boolean,
): Promise<RenderResult> {
  const limits = { ...DEFAULT_LIMITS, ...job.limits };
  const timings: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await work();
    timings[name] = (timings[name] ?? 0) + performance.now() - from;
    return result;
  };
  const messages = session.messages;
  if (!isSandboxed)
    messages.push({
      level: 'warning',
      code: 'sandbox-off',
      text: "Chromium's sandbox does not work here, because the kernel refuses user namespaces: allow them (sysctl kernel.unprivileged_userns_clone=1, or the AppArmor profile of Chromium) before rendering designs you do not trust.",
    });
  const language = job.language ?? job.design.language;
  const work = async (): Promise<RenderResult> => {
    const compiled = await timed('compile', () => compileDesign(job.design));
    messages.push(...compiled.messages);
    if (compiled.messages.some(({ level }) => level === 'error'))
      throw new RenderError(
        'template-invalid',
        'The template has errors, so nothing was rendered.',
        messages,
      );
    const data = await timed('data', () => prepareData(job.design.data, job.data));
    checkAssets(new Map([...job.design.assets, ...(job.assets ?? [])]), limits);
    session.assets = name => job.assets?.get(name) ?? job.design.assets.get(name);
    session.questions = { markdown: answerMarkdown(messages) };
    const rendered = await timed('template', async () =>
      pageSummary.parse(
        await session.call('render', {
          code: compiled.code,
          partials: compiled.partials,
          names: compiled.names,
          style: job.design.style,
          data,
          labels: labelsFor(job.design, language),
          language,
          title: textAt(data, job.design.titlePath) ?? job.design.name,
        }),
      ),
    );
    messages.push(...rendered.messages);
    if (messages.some(({ level }) => level === 'error'))
      throw new RenderError('template-failed', 'The template failed, so there is no document.', messages);
    checkPages(Math.floor(rendered.heightPx / LEAST_PAGE_PX), limits);
    if (rendered.hasPageNumbers) {
      const first = await timed('firstPass', async () => print(session, limits, false));
      const positions = await timed('positions', () => readPositions(first));
      checkPages(positions.pageCount, limits);
      await timed('numbers', async () => session.call('setPages', Object.fromEntries(positions.pages)));
    }
    const bytes = await timed('print', async () => print(session, limits, true));
    messages.push(...pageSummary.parse(await session.call('summary', null)).messages);
    const { pageCount } = await timed('positions', () => readPositions(bytes));
    checkPages(pageCount, limits);
    return { bytes, pageCount, messages, timings };
  };
  return watchJob(session, limits, job.signal, work);
}
