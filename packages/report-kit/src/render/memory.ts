import { readFileSync, readdirSync } from 'node:fs';
import type { PageSession } from './page-session.ts';

/** A file of /proc, which no disk is behind: the thread pool would take ten times as long as the reading. */
function processFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Resident bytes of the process and all that it started; undefined where there is no /proc. */
export function residentBytes(pid: number): number | undefined {
  const status = processFile(`/proc/${pid}/statm`);
  if (status === undefined) return undefined;
  // statm counts in pages of 4 KiB: resident minus shared, so that what the processes share is not counted for each.
  const [, resident = 0, shared = 0] = status.split(' ').map(Number);
  let bytes = Math.max(0, resident - shared) * 4096;
  for (const thread of threadsOf(pid))
    for (const child of (processFile(`/proc/${pid}/task/${thread}/children`) ?? '').split(' '))
      if (child.trim() !== '') bytes += residentBytes(Number(child)) ?? 0;
  return bytes;
}

/** So much more memory than after the last collection is worth another one, which takes about 0.1 s. */
const GROWTH_BYTES = 512 * 1024 ** 2;

/**
 * Asks a page to give back what a part left behind: Chromium keeps some 100 MB of layout and accessibility objects of each
 * printed part until it is short of memory, and our limit is reached before. One for all pages of a job.
 */
export class MemoryCollector {
  /** The least that was in use after a collection; at first, what a page with a small document takes. */
  #least = 256 * 1024 ** 2;
  #isKnown = false;

  async collect(session: PageSession): Promise<void> {
    const { pid } = session.browser;
    const bytes = residentBytes(pid);
    if (bytes !== undefined && bytes < this.#least + GROWTH_BYTES) return;
    await session.send('HeapProfiler.collectGarbage');
    const after = residentBytes(pid) ?? this.#least;
    // What the other page has in use just then is no reason to wait for longer.
    this.#least = this.#isKnown ? Math.min(this.#least, after) : after;
    this.#isKnown = true;
  }
}
