import type { Message } from '../message.ts';
import type { RenderResult } from '../render/job.ts';

/** How to write what came of a command. */
export interface ReportOptions {
  readonly isJson: boolean;
  readonly hasTimings: boolean;
}

/** One message as a line: where, how bad, what. */
export function messageLine({ level, code, text, location }: Message): string {
  const place =
    location?.file === undefined
      ? ''
      : `${location.file}${location.line === undefined ? '' : `:${location.line}`}: `;
  return `${level}: ${text.startsWith(location?.file ?? '\0') ? '' : place}${text} [${code}]`;
}

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
