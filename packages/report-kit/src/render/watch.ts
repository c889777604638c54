import { z } from 'zod';
import { RenderError } from '../message.ts';
import type { RenderLimits } from './limits.ts';
import { residentBytes } from './memory.ts';
import type { PageSession } from './page-session.ts';

const MEMORY_CHECK_MS = 200;

/** Runs `work` and ends it, browser included, when it takes too long, uses too much memory, crashes or is no longer wanted. */
export async function watchJob<T>(
  session: PageSession,
  limits: RenderLimits,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const fail = (code: string, text: string): void => reject(new RenderError(code, text, session.messages));
  const timer = setTimeout(
    () =>
      fail(
        'time-limit',
        `The job took longer than ${limits.timeMs / 1000} s and was ended: look for a loop in the template, or raise the limit.`,
      ),
    limits.timeMs,
  );
  const watch = setInterval(() => {
    const bytes = residentBytes(session.browser.pid);
    if (bytes !== undefined && bytes > limits.memoryBytes)
      fail(
        'memory-limit',
        `The job used more than ${Math.round(limits.memoryBytes / 1024 ** 2)} MB of memory and was ended: use fewer or smaller pictures, or raise the limit.`,
      );
  }, MEMORY_CHECK_MS);
  const crashed = (): void =>
    fail('page-crashed', 'The page crashed, most likely for lack of memory: use fewer or smaller pictures.');
  const stops = [
    session.browser.pipe.on('Inspector.targetCrashed', crashed),
    session.browser.pipe.on('Target.targetCrashed', crashed),
    session.browser.pipe.on('closed', () =>
      fail('browser-ended', 'The browser ended before the document was finished.'),
    ),
  ];
  const abort = (): void => fail('cancelled', 'The job was cancelled.');
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  try {
    const working = work();
    working.catch(() => undefined);
    return await Promise.race([working, ended]);
  } catch (error) {
    if (error instanceof RenderError) throw error;
    const reason =
      error instanceof z.ZodError
        ? 'its scripts do not answer as they should. A template must leave window.reportKit alone.'
        : String(error instanceof Error ? error.message : error);
    throw new RenderError('page-failed', `The page could not be finished: ${reason}`, session.messages);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    for (const stop of stops) stop();
    signal?.removeEventListener('abort', abort);
  }
}
