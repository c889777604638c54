import { spawn } from 'node:child_process';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import type { RenderLimits } from '../render/limits.ts';

const MAX_LOG = 200_000;

/** Lines of WeasyPrint's log that say what it could not do; others are its progress. */
function toMessages(log: string): Message[] {
  return log
    .split('\n')
    .filter(line => /^(WARNING|ERROR):/.test(line))
    .slice(0, 200)
    .map(line => ({
      level: 'warning' as const,
      code: 'weasyprint',
      text: `WeasyPrint: ${line.replace(/^\w+:\s*/, '').slice(0, 500)}`,
    }));
}

/**
 * Prints one self-contained HTML file with WeasyPrint from the PATH, which may fetch nothing but `data:`.
 * Throws `weasyprint-missing` when it is not installed.
 */
export async function printWithWeasyPrint(
  html: string,
  limits: RenderLimits,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Uint8Array; messages: Message[] }> {
  const child = spawn('weasyprint', ['--allowed-protocols', 'data', '--pdf-tags', '-', '-'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8' },
    timeout: limits.timeMs,
    killSignal: 'SIGKILL',
    ...(signal ? { signal } : {}),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limits.outputBytes) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (log.length < MAX_LOG) log += chunk.toString('utf8');
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(html);
  const code = await new Promise<number | string>(resolve => {
    child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.on('close', (exit, killedBy) => resolve(exit ?? killedBy ?? 'unknown'));
  });
  if (code === 'ENOENT')
    throw new RenderError(
      'weasyprint-missing',
      'WeasyPrint is not installed: install it (pip install weasyprint), or render with Chromium.',
    );
  const messages = toMessages(log);
  if (code !== 0) {
    const last = log.trim().split('\n').at(-1) ?? '';
    throw new RenderError(
      'weasyprint-failed',
      `WeasyPrint ended with ${code}: ${last.slice(0, 500)}`,
      messages,
    );
  }
  return { bytes: Buffer.concat(chunks), messages };
}
