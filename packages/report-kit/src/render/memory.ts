import { readFile, readdir } from 'node:fs/promises';
import type { PageSession } from './page-session.ts';

/** Resident bytes of the process and all that it started; undefined where there is no /proc. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => undefined);
  if (status === undefined) return undefined;
  // statm counts in pages of 4 KiB: resident minus shared, so that what the processes share is not counted for each.
  const [, resident = 0, shared = 0] = status.split(' ').map(Number);
  let bytes = Math.max(0, resident - shared) * 4096;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const children = await Promise.all(
    threads.map(async thread => readFile(`/proc/${pid}/task/${thread}/children`, 'latin1').catch(() => '')),
  );
  for (const child of children.join(' ').split(' ')) {
    if (child.trim() !== '') bytes += (await residentBytes(Number(child))) ?? 0;
  }
  return bytes;
}

/** So much more memory than after the last collection is worth another one, which takes about 0.1 s. */
const GROWTH_BYTES = 512 * 1024 ** 2;

/**
 * Asks the page to give back what a part left behind: Chromium keeps some 100 MB of layout and accessibility objects of
 * each printed part until it is short of memory, and our limit is reached before.
 */
export class MemoryCollector {
  readonly #session: PageSession;
  /** What a page with a small document takes. */
  #after = 256 * 1024 ** 2;

  constructor(session: PageSession) {
    this.#session = session;
  }

  async collect(): Promise<void> {
    const bytes = await residentBytes(this.#session.browser.pid);
    if (bytes !== undefined && bytes < this.#after + GROWTH_BYTES) return;
    await this.#session.send('HeapProfiler.collectGarbage');
    this.#after = (await residentBytes(this.#session.browser.pid)) ?? this.#after;
  }
}
