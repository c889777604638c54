import { startPracticeNet, type PracticeNet } from '@glacis/app-practice-net';
import type { AssetAttributes, AssetKind } from '@glacis/contract';
import type { AssetObservation, FindingObservation, Observation } from '@glacis/engine';
import { after, before } from 'node:test';
import { terrainOf, type Terrain } from './scan-in-memory.ts';

/** An asset to hand to a scanner. */
export interface GivenAsset {
  readonly kind: AssetKind;
  readonly key: string;
  readonly attributes?: AssetAttributes;
}

/** A practice network for the tests of one file. */
export interface Practice {
  readonly net: PracticeNet;
  readonly terrain: Terrain;
  /** The canonical address of a practice host name. */
  addressOf(name: string): string;
  /** Assets of a kind that are in scope, with the attributes that the engine would know, by the truth. */
  assets(kind: AssetKind): GivenAsset[];
}

/** Starts a practice network of 40 hosts before the tests of the file and stops it after them. */
export function usePractice(seed: string): () => Practice {
  let practice: Practice | undefined;
  before(async () => {
    const net = await startPracticeNet({
      hosts: 40,
      seed,
      block: 'auto',
      dnsPort: 0,
      ctPort: 0,
      controlPort: 0,
    });
    practice = {
      net,
      terrain: terrainOf(net),
      addressOf: name => net.world.names.find(one => one.name === name)?.addresses[0] ?? '',
      assets: kind =>
        net.truth.assets
          .filter(asset => asset.kind === kind && asset.inScope && asset.isOptional !== true)
          .map(({ key, attributes = {} }) => ({ kind, key, attributes: { ...attributes, ...known(kind) } })),
    };
  });
  after(() => practice?.net.close());
  return () => {
    if (!practice) throw new Error('The practice network is not running.');
    return practice;
  };
}

/** What earlier scanners would have noted, for `accepts`. */
function known(kind: AssetKind): AssetAttributes {
  return kind === 'website' ? { status: 200, technologies: ['nginx/1.18.0', 'jquery/3.7.1'] } : {};
}

/** Keys of the assets of a kind among observations, sorted; those that only add to an input are left out. */
export function keysOf(observations: readonly Observation[], kind: AssetKind): string[] {
  const found = assetsOf(observations).filter(
    ({ asset, relation }) => asset.kind === kind && relation !== undefined,
  );
  return [...new Set(found.map(({ asset }) => asset.key))].sort();
}

/** All attributes that the observations give an asset. */
export function attributesOf(
  observations: readonly Observation[],
  kind: AssetKind,
  key: string,
): AssetAttributes {
  const parts = assetsOf(observations).filter(({ asset }) => asset.kind === kind && asset.key === key);
  return Object.assign({}, ...parts.map(({ asset }) => asset.attributes ?? {}));
}

function assetsOf(observations: readonly Observation[]): AssetObservation[] {
  return observations.filter(observation => observation.type === 'asset');
}

/** Findings as `rule key parameter`, sorted. */
export function findingsOf(observations: readonly Observation[]): string[] {
  const found = observations.filter((each): each is FindingObservation => each.type === 'finding');
  return found
    .map(({ ruleId, asset, parameter }) => [ruleId, asset.key, parameter].filter(Boolean).join(' '))
    .sort();
}

/** Outcomes of coverage by asset key. */
export function coverageOf(observations: readonly Observation[]): Record<string, string> {
  const found = observations.filter(observation => observation.type === 'coverage');
  return Object.fromEntries(found.map(({ asset, outcome }) => [asset.key, outcome]));
}
