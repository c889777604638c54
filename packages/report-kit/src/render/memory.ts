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
 * Asks the page to give back what a part left behind: Chromium keeps some 100 MB of layout and accessibility objects of
 * each printed part until it is short of memory, and our limit is reached before.
 */
export class MemoryCollector {
  /** What a page with a small document takes. */
  #after = 256 * 1024 ** 2;

  async collect(session: PageSession): Promise<void> {
    const { pid } = session.browser;
    const bytes = residentBytes(pid);
    if (bytes !== undefined && bytes < this.#after + GROWTH_BYTES) return;
    await session.send('HeapProfiler.collectGarbage');
    this.#after = residentBytes(pid) ?? this.#after;
  }
}
