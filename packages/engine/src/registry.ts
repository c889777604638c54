import type { AssetKind } from '@glacis/contract';
import { OperationalError, UnexpectedError } from '@glacis/foundation';
import { z } from 'zod';
import type { Scanner } from './scanner.ts';

/** The scanners of this installation. */
export interface Registry {
  readonly all: readonly Scanner[];
  get(id: string): Scanner | undefined;
  consumersOf(kind: AssetKind): readonly Scanner[];
}

/** Indexes scanners. @throws UnexpectedError when two have the same id. */
export function createRegistry(scanners: readonly Scanner[]): Registry {
  const byId = new Map<string, Scanner>();
  const byKind = new Map<AssetKind, Scanner[]>();
  for (const scanner of scanners) {
    if (byId.has(scanner.id)) throw new UnexpectedError(`Two scanners are called ${scanner.id}.`);
    byId.set(scanner.id, scanner);
    for (const kind of scanner.consumes) byKind.set(kind, [...(byKind.get(kind) ?? []), scanner]);
  }
  return {
    all: scanners,
    get: id => byId.get(id),
    consumersOf: kind => byKind.get(kind) ?? [],
  };
}

const QUEUE_PREFIX = 'scan.';

/** Queue of a scanner. One queue each, so that a worker can be told to take only some. */
export function queueOf(scanner: { readonly id: string }): string {
  return `${QUEUE_PREFIX}${scanner.id}`;
}

/** Queues of scanners that this version does not have, but an earlier one filled: a worker takes them too, to end their jobs. */
export function strandedQueues(existing: readonly string[], registry: Registry): readonly string[] {
  const own = new Set(registry.all.map(queueOf));
  return existing.filter(name => name.startsWith(QUEUE_PREFIX) && !own.has(name));
}

/** Stands for a scanner that was removed while its jobs waited: each fails visibly, and their scan goes on without it. */
export function removedScanner(id: string): Scanner {
  return {
    id,
    title: id,
    description: 'A scanner that this version does not have.',
    consumes: [],
    produces: [],
    reports: [],
    mode: 'passive',
    risk: 'safe',
    options: z.object({}),
    batchSize: 1,
    timeoutMs: 10_000,
    run: async function* () {
      yield* [];
      throw new OperationalError('engine.invalid', `this version has no scanner ${id}`);
    },
  };
}

/** Queue of the jobs that end a scan. */
export const CLOSING_QUEUE = 'scan-closing';
