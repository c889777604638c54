import type { Message } from '../message.ts';
import type { RenderResult } from '../render/job.ts';

/** How to write what came of a command. */
export interface ReportOptions {
  readonly isJson: boolean;
  readonly hasTimings: boolean;
}

/** Where a message points, unless its text says so: `template.html:12`, `findings[2].impact`. */
export function placeOf({ text, location }: Message): string {
  const { file, line, path } = location ?? {};
  if (file !== undefined)
    return text.startsWith(file) ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  return path === undefined || text.includes(path) ? '' : `${path}: `;
}

/** One message as a line: how bad, where, what. */
export const messageLine = (message: Message): string =>
  `${message.level}: ${placeOf(message)}${message.text} [${message.code}]`;

/** Messages to standard error, the rest to standard output; as one JSON object when asked. */
export function writeReport(result: RenderResult & { readonly out: string }, options: ReportOptions): void {
  const { out, bytes, pageCount, messages, timings } = result;
  if (options.isJson) {
    const shown = {
      out,
      sizeBytes: bytes.length,
      pageCount,
      messages,
      ...(options.hasTimings ? { timings } : {}),
    };
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  for (const message of messages) process.stderr.write(`${messageLine(message)}\n`);
  const pages = pageCount === undefined ? '' : `, ${pageCount} pages`;
  process.stdout.write(`${out}: ${Math.ceil(bytes.length / 1024)} KiB${pages}\n`);
  if (!options.hasTimings) return;
  for (const [step, ms] of Object.entries(timings))
    process.stdout.write(`  ${step.padEnd(12)} ${ms.toFixed(0).padStart(6)} ms\n`);
}
