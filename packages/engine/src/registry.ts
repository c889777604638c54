import type { AssetKind } from '@glacis/contract';
import { UnexpectedError } from '@glacis/foundation';
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

/** Queue of a scanner. One queue each, so that a worker can be told to take only some. */
export function queueOf(scanner: { readonly id: string }): string {
  return `scan.${scanner.id}`;
}

/** Queue of the jobs that end a scan. */
export const CLOSING_QUEUE = 'scan-closing';
