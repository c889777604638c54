import type { AssetAttributes, AssetKind, AssetRef } from '@glacis/contract';
import { createCapabilities, type Observation, type Scanner } from '@glacis/engine';
import {
  createEgress,
  createScope,
  LocalBudget,
  networkProfile,
  silentLogger,
  type NetworkProfile,
  type ScopeRules,
} from '@glacis/foundation';

/** A finding as the harness keeps it. */
export interface FoundWeakness {
  readonly ruleId: string;
  readonly assetKind: AssetKind;
  readonly assetKey: string;
  readonly parameter: string;
}

/** What a scan in memory came to. */
export interface ScanResult {
  readonly assets: ReadonlyMap<string, StoredAsset>;
  readonly findings: readonly FoundWeakness[];
  /** Coverage by `scanner kind key`; every value is the list of outcomes given. */
  readonly coverage: ReadonlyMap<string, readonly string[]>;
  readonly jobs: number;
  readonly durationMs: number;
  readonly slowest: readonly string[];
}

interface StoredAsset extends AssetRef {
  attributes: AssetAttributes;
  isInScope: boolean;
}

/** A network as the harness needs it. */
export interface Terrain {
  readonly scope: ScopeRules;
  readonly profile: NetworkProfile;
}

/** The practice network's scope and profile. */
export function terrainOf(net: {
  truth: { domains: readonly string[]; ranges: readonly string[] };
  dns: { address: string; port: number };
  ct: string;
}): Terrain {
  const ranges = [...net.truth.ranges];
  return {
    scope: { domains: [...net.truth.domains], networks: [], excluded: [], allowedPrivateRanges: ranges },
    profile: networkProfile.parse({
      zones: [...net.truth.domains],
      resolvers: [`${net.dns.address}:${net.dns.port}`],
      nameServerPort: net.dns.port,
      ctSearchUrl: net.ct,
      allowedPrivateRanges: ranges,
      ratePerAddress: 2000,
      burstPerAddress: 500,
    }),
  };
}

/** Opens egress and capabilities for one job. */
export function openJob(
  terrain: Terrain,
  options: { granted?: readonly string[]; signal?: AbortSignal; templateFolder?: string } = {},
) {
  const signal = options.signal ?? new AbortController().signal;
  const folder = options.templateFolder === undefined ? {} : { templateFolder: options.templateFolder };
  const egress = createEgress({
    ...terrain,
    budget: new LocalBudget(terrain.profile),
    signal,
    log: silentLogger,
    grantedAddresses: options.granted ?? [],
  });
  return {
    egress,
    signal,
    ...createCapabilities({ egress, profile: terrain.profile, log: silentLogger, ...folder }),
  };
}

/** Runs one scanner over assets and gives all that it yielded. */
export async function runScanner(
  scanner: Scanner,
  assets: readonly (AssetRef & { attributes?: AssetAttributes })[],
  terrain: Terrain,
  options: {
    signal?: AbortSignal;
    settings?: Record<string, unknown>;
    templateFolder?: string;
    onEach?: (each: Observation) => void;
  } = {},
): Promise<Observation[]> {
  const granted = assets.flatMap(({ kind, key }) =>
    kind === 'ip' ? [key] : kind === 'service' ? [key.replace(/:\d+\/tcp$/, '').replace(/^\[|\]$/g, '')] : [],
  );
  const { signal, templateFolder } = options;
  const job = openJob(terrain, {
    granted,
    ...(signal ? { signal } : {}),
    ...(templateFolder === undefined ? {} : { templateFolder }),
  });
  const found: Observation[] = [];
  try {
    const context = {
      ...job.capabilities,
      scope: job.scope,
      signal: job.signal,
      options: scanner.options.parse(options.settings ?? {}),
    };
    const inputs = assets.map(asset => ({ attributes: {}, ...asset }));
    for await (const observation of scanner.run(context, inputs)) {
      found.push(observation);
      options.onEach?.(observation);
    }
  } finally {
    await job.close();
  }
  return found;
}

/**
 * The engine's dataflow without its database: every new asset in scope goes to the scanners that consume it, endpoints are
 * joined from names and services, until nothing new comes. For tests of scanners against a whole network.
 */
export async function scanInMemory(
  seeds: readonly AssetRef[],
  scanners: readonly Scanner[],
  terrain: Terrain,
  options: { jobsAtOnce?: number } = {},
): Promise<ScanResult> {
  const startedAt = performance.now();
  const scope = createScope(terrain.scope);
  const assets = new Map<string, StoredAsset>();
  const findings = new Map<string, FoundWeakness>();
  const coverage = new Map<string, string[]>();
  const addressesOf = new Map<string, Set<string>>();
  const queue: { scanner: Scanner; inputs: StoredAsset[] }[] = [];
  const times = new Map<string, number>();
  let jobs = 0;

  function isInScope(ref: AssetRef, from?: AssetRef): boolean {
    if (ref.kind === 'domain' || ref.kind === 'hostname') return scope.name(ref.key).isAllowed;
    if (ref.kind === 'ip')
      return scope.reachable(ref.key).isAllowed && from !== undefined && scope.name(from.key).isAllowed;
    if (ref.kind === 'email') return scope.name(ref.key.slice(ref.key.indexOf('@') + 1)).isAllowed;
    return true;
  }
  function enqueue(asset: StoredAsset): void {
    if (!asset.isInScope) return;
    for (const scanner of scanners) {
      if (!scanner.consumes.includes(asset.kind) || !(scanner.accepts?.(asset) ?? true)) continue;
      const open = queue.find(job => job.scanner === scanner && job.inputs.length < scanner.batchSize);
      if (open) open.inputs.push(asset);
      else queue.push({ scanner, inputs: [asset] });
    }
  }
  function store(ref: AssetRef, attributes: AssetAttributes = {}, from?: AssetRef): void {
    const id = `${ref.kind} ${ref.key}`;
    const known = assets.get(id);
    if (known) {
      Object.assign(known.attributes, attributes);
      if (known.isInScope || !isInScope(ref, from)) return;
      known.isInScope = true;
      enqueue(known);
      return;
    }
    const asset = {
      kind: ref.kind,
      key: ref.key,
      attributes: { ...attributes },
      isInScope: isInScope(ref, from),
    };
    assets.set(id, asset);
    enqueue(asset);
  }
  function deriveEndpoints(): void {
    for (const service of assets.values()) {
      const { protocol, tls, address, port } = service.attributes;
      const isWeb = tls === true || protocol === 'http' || protocol === 'https' || protocol === 'tls';
      if (service.kind !== 'service' || !isWeb) continue;
      for (const [host, addresses] of addressesOf)
        if (addresses.has(String(address)) && scope.name(host).isAllowed)
          store(
            { kind: 'endpoint', key: `${host}:${String(port)}` },
            { tls: tls === true, protocol: protocol ?? 'unknown' },
          );
    }
  }
  function take(scanner: Scanner, observation: Observation): void {
    if (observation.type === 'asset') {
      const { asset, from, relation } = observation;
      store(asset, asset.attributes, from);
      if (relation === 'resolves_to' && from.kind === 'hostname')
        addressesOf.set(from.key, (addressesOf.get(from.key) ?? new Set()).add(asset.key));
    } else if (observation.type === 'finding') {
      const { ruleId, asset, parameter = '' } = observation;
      findings.set(`${ruleId} ${asset.kind} ${asset.key} ${parameter}`, {
        ruleId,
        assetKind: asset.kind,
        assetKey: asset.key,
        parameter,
      });
    } else if (observation.type === 'coverage') {
      const id = `${scanner.id} ${observation.asset.kind} ${observation.asset.key}`;
      coverage.set(id, [...(coverage.get(id) ?? []), observation.outcome]);
    }
  }

  for (const seed of seeds) store(seed);
  const runJob = async ({ scanner, inputs }: { scanner: Scanner; inputs: StoredAsset[] }): Promise<void> => {
    jobs += 1;
    const jobStartedAt = performance.now();
    await runScanner(scanner, inputs, terrain, { onEach: each => take(scanner, each) });
    deriveEndpoints();
    times.set(scanner.id, Math.max(times.get(scanner.id) ?? 0, performance.now() - jobStartedAt));
  };
  const running = new Set<Promise<void>>();
  while (queue.length > 0 || running.size > 0) {
    for (
      let job = queue.shift();
      job;
      job = running.size < (options.jobsAtOnce ?? 12) ? queue.shift() : undefined
    ) {
      const one: Promise<void> = runJob(job).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.race(running);
  }
  return {
    assets,
    findings: [...findings.values()],
    coverage,
    jobs,
    durationMs: performance.now() - startedAt,
    slowest: [...times]
      .sort(([, left], [, right]) => right - left)
      .map(([id, ms]) => `${id} ${Math.round(ms)} ms`),
  };
}
