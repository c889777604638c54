import { digest } from '../random.ts';
import { CLOUD, MAIN, OTHER } from '../world/draft.ts';
import { GROUP_SIZE } from '../world/ordinary.ts';
import type { World } from '../world/world.ts';

/** One certificate as a CT search shows it. */
export interface CtEntry {
  readonly id: number;
  readonly commonName: string;
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly serialNumber: string;
}

interface Draft {
  readonly names: readonly string[];
  readonly isExpired?: boolean;
  /** How often the same certificate is in the logs (pre-certificate and certificate). */
  readonly copies?: number;
}

/** What a log holds beside the names that exist: everything a careful reader has to leave out. */
const noise: readonly Draft[] = [
  { names: [`*.${MAIN}`, MAIN] },
  { names: [`*.apps.${MAIN}`, `apps.${MAIN}`], copies: 2 },
  // Answered by the wildcard alone.
  { names: [`demo.apps.${MAIN}`] },
  // Gone from the zone.
  { names: [`old-portal.${MAIN}`, `intern2019.${MAIN}`], isExpired: true },
  { names: [`WWW.Larkspur.TEST`, `SHOP.${MAIN.toUpperCase()}`] },
  { names: [`hostmaster@${MAIN}`, `www.${MAIN}`] },
  { names: [`build.${OTHER}`, `partnerhub.${MAIN}`] },
  { names: [`larkspur.test.${OTHER}`, OTHER] },
  { names: ['mylarkspur.test'] },
  { names: [`larkspur-shop.${CLOUD}`, `legacy-shop.${MAIN}`], isExpired: true },
  { names: [`bad name.${MAIN}`, `-broken-.${MAIN}`, `${'x'.repeat(70)}.${MAIN}`] },
];

/** The names that the CT search alone, or among others, reveals: several on one certificate. */
function publishedNames(world: World): readonly Draft[] {
  const names = world.names.filter(name => name.foundBy.includes('ct-search')).map(name => name.name);
  const drafts: Draft[] = [];
  for (let start = 0; start < names.length; start += GROUP_SIZE / 2) {
    drafts.push({ names: names.slice(start, start + GROUP_SIZE / 2), ...(start === 0 ? { copies: 2 } : {}) });
  }
  return drafts;
}

/** The whole log, in the order of its ids. */
export function buildCtLog(world: World): readonly CtEntry[] {
  const entries: CtEntry[] = [];
  for (const draft of [...noise, ...publishedNames(world)]) {
    for (let copy = 0; copy < (draft.copies ?? 1); copy += 1) {
      const [first = MAIN] = draft.names;
      entries.push({
        id: 9_100_000_001 + entries.length,
        commonName: first,
        names: draft.names,
        notBefore: draft.isExpired === true ? '2023-05-02T00:00:00' : '2026-09-14T00:00:00',
        notAfter: draft.isExpired === true ? '2023-07-31T23:59:59' : '2026-12-13T23:59:59',
        serialNumber: digest('ct', world.seed, first).subarray(0, 16).toString('hex'),
      });
    }
  }
  return entries;
}
