import type { AssetKind } from '@glacis/contract';
import { sql, type TenantTransaction } from '@glacis/db';

/** An asset that was stored, and the asset that led to it. */
export interface Attributable {
  readonly asset: { readonly id: string | undefined; readonly kind: AssetKind; readonly key: string };
  readonly from: string | undefined;
}

/** Kinds whose key holds no host name: they belong where they hang. */
const NAMELESS: readonly AssetKind[] = ['ip', 'service', 'certificate', 'technology'];
/** Steps from an asset to what hangs on it: address, service, certificate or technology. */
const MAX_STEPS = 4;

/** The host name inside an asset's key; undefined for kinds without one. */
function hostOf(kind: AssetKind, key: string): string | undefined {
  switch (kind) {
    case 'domain':
    case 'hostname':
      return key;
    case 'endpoint':
      return key.replace(/:\d+$/, '');
    case 'website':
    case 'url':
      return /^[a-z]+:\/\/([^/:?#]+)/.exec(key)?.[1];
    case 'email':
      return key.split('@').at(-1);
    case 'ip':
    case 'service':
    case 'certificate':
    case 'technology':
      return undefined;
  }
}

/** A name and all names above it, the top-level one left out. */
function suffixesOf(host: string): string[] {
  const labels = host.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** Target ids by asset id. */
class Links {
  readonly #targets = new Map<string, Set<string>>();

  of(asset: string): ReadonlySet<string> {
    return this.#targets.get(asset) ?? new Set();
  }
  /** True when that was not known. */
  add(asset: string, target: string): boolean {
    const known = this.#targets.get(asset) ?? new Set();
    this.#targets.set(asset, known);
    if (known.has(target)) return false;
    known.add(target);
    return true;
  }
  rows(): { asset_id: string; target_id: string }[] {
    return [...this.#targets]
      .flatMap(([asset_id, targets]) => [...targets].map(target_id => ({ asset_id, target_id })))
      .sort((a, b) => (a.asset_id + a.target_id < b.asset_id + b.target_id ? -1 : 1));
  }
}

/**
 * Notes to which targets assets belong: a name to every target that it lies below, whoever found it; anything else to the
 * targets of what led to it. What already hangs on an asset follows it.
 */
export async function attributeToTargets(
  tx: TenantTransaction,
  given: readonly Attributable[],
): Promise<void> {
  if (given.length === 0) return;
  const links = new Links();
  const named = await linkNames(tx, given, links);
  const sources = new Set(given.flatMap(({ from }) => from ?? []));
  for (const id of named) sources.delete(id);
  if (sources.size > 0) {
    const { rows } = await sql<{ asset_id: string; target_id: string }>`
      select asset_id, target_id from asset_target where asset_id = any(${[...sources]}::uuid[])`.execute(
      tx.sql,
    );
    for (const row of rows) links.add(row.asset_id, row.target_id);
  }
  for (let step = 0, hasGrown = true; hasGrown && step < given.length; step += 1) {
    hasGrown = false;
    for (const { asset, from } of given) {
      if (asset.id === undefined || from === undefined || named.has(asset.id)) continue;
      for (const target of links.of(from)) if (links.add(asset.id, target)) hasGrown = true;
    }
  }
  await store(tx, links);
}

/** Links assets by their names. Returns the ids of those that a target has by name. */
async function linkNames(
  tx: TenantTransaction,
  given: readonly Attributable[],
  links: Links,
): Promise<ReadonlySet<string>> {
  const names = new Map<string, string[]>();
  for (const { asset } of given) {
    const host = hostOf(asset.kind, asset.key);
    if (asset.id !== undefined && host !== undefined) names.set(asset.id, suffixesOf(host));
  }
  const suffixes = [...new Set([...names.values()].flat())];
  if (suffixes.length === 0) return new Set();
  const { rows } = await sql<{ id: string; domain: string }>`
    select id, domain from target where domain = any(${suffixes})`.execute(tx.sql);
  const targets = new Map(rows.map(row => [row.domain, row.id]));
  const named = new Set<string>();
  for (const [asset, above] of names) {
    for (const name of above) {
      const target = targets.get(name);
      if (target === undefined) continue;
      links.add(asset, target);
      named.add(asset);
    }
  }
  return named;
}

async function store(tx: TenantTransaction, links: Links): Promise<void> {
  let rows = links.rows();
  for (let step = 0; rows.length > 0 && step < MAX_STEPS; step += 1) {
    const { rows: added } = await sql<{ asset_id: string; target_id: string }>`
      insert into asset_target (asset_id, target_id)
      select asset_id, target_id from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (asset_id uuid, target_id uuid)
      on conflict do nothing returning asset_id, target_id`.execute(tx.sql);
    rows = added.length === 0 ? [] : await hangingOn(tx, added);
  }
}

/** What has no name and hangs on assets that came to a target just now. */
async function hangingOn(
  tx: TenantTransaction,
  added: readonly { asset_id: string; target_id: string }[],
): Promise<{ asset_id: string; target_id: string }[]> {
  const { rows } = await sql<{ from_id: string; to_id: string }>`
    select e.from_id, e.to_id from edge e join asset a on a.id = e.to_id
    where e.from_id = any(${[...new Set(added.map(row => row.asset_id))]}::uuid[]) and a.kind = any(${NAMELESS})`.execute(
    tx.sql,
  );
  const byFrom = Map.groupBy(rows, row => row.from_id);
  const links = new Links();
  for (const { asset_id, target_id } of added)
    for (const edge of byFrom.get(asset_id) ?? []) links.add(edge.to_id, target_id);
  return links.rows();
}
