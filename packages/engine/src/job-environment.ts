import { createEgress, type Egress, type Logger, type SecretKey, type TenantId } from '@glacis/foundation';
import type { Database } from '@glacis/db';
import type { JobQueue } from '@glacis/queue';
import type { Hub } from '@glacis/realtime';
import type { BlobStore } from '@glacis/storage';
import type { BrowserCapability } from './capabilities.ts';
import { createCapabilities } from './reach/index.ts';
import type { Registry } from './registry.ts';
import type { JobEnvironment } from './run-job.ts';
import { createSharedBudget } from './shared-budget.ts';

/** A browser for one job, started when the first picture is asked for. */
export interface JobBrowser {
  readonly capability: BrowserCapability;
  close(): Promise<void>;
}

/** Composes what jobs of scans need in a worker. `openBrowser` is left out where there is no Chromium. */
export function createJobEnvironment(options: {
  database: Database;
  queue: JobQueue;
  hub: Hub;
  blobs: BlobStore;
  registry: Registry;
  log: Logger;
  keyOf(tenant: TenantId): Promise<SecretKey>;
  openBrowser?: (egress: Egress) => JobBrowser;
  /** Folder of the installation's templates of checks. */
  templateFolder?: string;
}): JobEnvironment {
  const { database, hub, openBrowser, templateFolder } = options;
  const budgets = new Map<string, ReturnType<typeof createSharedBudget>>();
  const cancellations = createCancellations(hub);

  return {
    ...options,
    cancellation: cancellations,
    open: ({ scan, grantedAddresses, signal, log }) => {
      const { profile } = scan.scope;
      const rate = `${profile.ratePerAddress}/${profile.burstPerAddress}`;
      const budget = budgets.get(rate) ?? createSharedBudget(database, profile);
      budgets.set(rate, budget);
      const egress = createEgress({ scope: scan.scope, budget, profile, signal, log, grantedAddresses });
      const browser = openBrowser?.(egress);
      const reach = createCapabilities({
        egress,
        profile,
        log,
        ...(browser ? { browser: browser.capability } : {}),
        ...(templateFolder === undefined ? {} : { templateFolder }),
      });
      return {
        ...reach,
        close: async () => {
          await browser?.close();
          await reach.close();
        },
      };
    },
  };
}

/** Cancelled scans that are remembered: more than end while one job starts. */
const MAX_RECENT = 1000;
const cancelled = (): Error => new Error('the scan was cancelled');

/** Signals that abort when a scan is cancelled, shared by all jobs of the scan in this process. */
function createCancellations(hub: Hub): JobEnvironment['cancellation'] {
  const running = new Map<string, { controller: AbortController; jobs: number }>();
  // Of a job that has read its scan but not come here yet, the announcement would be missed.
  const recent = new Set<string>();
  hub.subscribe(change => {
    if (change?.topic !== 'cancel') return;
    running.get(change.id)?.controller.abort(cancelled());
    recent.add(change.id);
    for (const id of recent) if (recent.size > MAX_RECENT) recent.delete(id);
  });
  return scanId => {
    const entry = running.get(scanId) ?? { controller: new AbortController(), jobs: 0 };
    if (recent.has(scanId)) entry.controller.abort(cancelled());
    running.set(scanId, entry);
    entry.jobs += 1;
    return {
      signal: entry.controller.signal,
      release: () => {
        entry.jobs -= 1;
        if (entry.jobs === 0) running.delete(scanId);
      },
    };
  };
}
