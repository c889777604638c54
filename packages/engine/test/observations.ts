import { setTimeout as delay } from 'node:timers/promises';
import type { AssetObservation, CoverageObservation } from '../src/scanner.ts';
import { fakeScanner } from './world.ts';

/** Name of {@link domain}. */
export const DOMAIN = 'corp.test';

/** Waits until something holds. @throws Error when it does not in time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition was not met in time');
    await delay(20);
  }
}

/** An asset as a test's scanner observes it. */
export const link = (
  asset: AssetObservation['asset'],
  from: AssetObservation['from'],
  relation: AssetObservation['relation'] = 'contains',
): AssetObservation => ({
  type: 'asset',
  asset,
  from,
  ...(relation ? { relation } : {}),
  reason: 'a test says so',
});
/** A host name below {@link domain}. */
export const host = (name: string) => ({ kind: 'hostname', key: `${name}.${DOMAIN}` }) as const;
/** The domain that the tests scan. */
export const domain = { kind: 'domain', key: DOMAIN } as const;
/** Says that an asset was looked at. */
export const looked = (asset: { kind: 'domain' | 'hostname'; key: string }): CoverageObservation => ({
  type: 'coverage',
  asset,
  outcome: 'looked',
});

/** Finds `count` host names below a domain. */
export const lister = (count: number) =>
  fakeScanner({
    id: 'lister',
    consumes: ['domain'],
    run: async function* (_context, assets) {
      for (const asset of assets) {
        for (let index = 0; index < count; index += 1) yield link(host(`h${index}`), asset);
        yield looked({ kind: 'domain', key: asset.key });
      }
    },
  });

/** Looks at host names and reports each. */
export const looker = (batchSize = 2) =>
  fakeScanner({
    id: 'looker',
    consumes: ['hostname'],
    batchSize,
    run: async function* (_context, assets) {
      for (const asset of assets) {
        yield {
          type: 'finding',
          ruleId: 'http.missing-csp',
          asset,
          confidence: 'firm',
          evidence: [{ label: 'Header', text: `evidence of ${asset.key}` }],
        };
        yield looked({ kind: 'hostname', key: asset.key });
      }
    },
  });
