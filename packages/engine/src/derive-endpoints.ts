import type { AssetAttributes } from '@glacis/contract';
import { newId } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import type { NewAsset } from './dispatch.ts';
import type { ScanRow } from './scan-row.ts';

/**
 * Joins host names with the TLS and HTTP services of their addresses: one endpoint per pair, whichever of the two was found
 * first. Looks only at the given addresses and services, and only at what this scan has met.
 */
export async function deriveEndpoints(
  tx: TenantTransaction,
  scan: ScanRow,
  touched: { addressIds: readonly string[]; serviceIds: readonly string[] },
): Promise<NewAsset[]> {
  if (touched.addressIds.length === 0 && touched.serviceIds.length === 0) return [];
  const { rows: pairs } = await sql<{
    host_id: string;
    host: string;
    service_id: string;
    service: string;
    attributes: AssetAttributes;
  }>`
    select distinct on (h.key, substring(s.key from ':(\\d+)/tcp$'))
      h.id as host_id, h.key as host, s.id as service_id, s.key as service, s.attributes
    from edge exposes
    join asset s on s.id = exposes.to_id
    join scan_asset met_s on met_s.scan_id = ${scan.id} and met_s.asset_id = s.id
    join edge resolves on resolves.to_id = exposes.from_id and resolves.relation = 'resolves_to' and resolves.last_seen >= ${scan.startedAt}
    join asset h on h.id = resolves.from_id and h.kind = 'hostname' and h.in_scope
    join scan_asset met_h on met_h.scan_id = ${scan.id} and met_h.asset_id = h.id
    where exposes.relation = 'exposes'
      and (exposes.from_id = any(${touched.addressIds}::uuid[]) or exposes.to_id = any(${touched.serviceIds}::uuid[]))
      and (s.attributes->>'protocol' in ('http', 'https', 'tls') or (s.attributes->>'tls')::boolean)
    order by h.key, substring(s.key from ':(\\d+)/tcp$'), s.key`.execute(tx.sql);
  if (pairs.length === 0) return [];
  const endpoints = pairs
    .map(pair => ({ pair, port: Number(/:(\d+)\/tcp$/.exec(pair.service)?.[1] ?? 0) }))
    .map(({ pair, port }) => ({
      id: newId(),
      key: `${pair.host}:${port}`,
      host_id: pair.host_id,
      service_id: pair.service_id,
      attributes: {
        host: pair.host,
        port,
        tls: pair.attributes['tls'] === true,
        protocol: pair.attributes['protocol'] ?? 'unknown',
      },
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return store(tx, scan, endpoints);
}

type Endpoint = { id: string; key: string; host_id: string; service_id: string; attributes: AssetAttributes };

async function store(
  tx: TenantTransaction,
  scan: ScanRow,
  endpoints: readonly Endpoint[],
): Promise<NewAsset[]> {
  const json = JSON.stringify(endpoints);
  const { rows } = await sql<{ id: string; key: string; attributes: AssetAttributes }>`
    with given as (
      select * from jsonb_to_recordset(${json}::jsonb) as r (id uuid, key text, host_id uuid, service_id uuid, attributes jsonb)
    ), stored as (
      insert into asset as a (id, kind, key, attributes, in_scope, first_scan_id, last_scan_id)
      select id, 'endpoint', key, attributes, true, ${scan.id}, ${scan.id} from given
      on conflict (kind, key) do update set attributes = a.attributes || excluded.attributes, in_scope = true,
        last_seen = clock_timestamp(), last_scan_id = excluded.last_scan_id
      returning id, key, attributes
    ), edges as (
      insert into edge (from_id, relation, to_id, scanner)
      select parent, 'offers', stored.id, 'engine' from stored join given using (key), unnest(array[host_id, service_id]) as parent
      on conflict (from_id, relation, to_id) do update set last_seen = clock_timestamp()
    ), met as (
      insert into scan_asset (scan_id, asset_id, scanner, from_asset_id, reason)
      select ${scan.id}, stored.id, 'engine', host_id, 'the host name resolves to an address that offers this service'
      from stored join given using (key)
      on conflict do nothing returning asset_id
    )
    select stored.* from stored join met on met.asset_id = stored.id`.execute(tx.sql);
  return rows.map(row => ({ ...row, kind: 'endpoint', inScope: true }));
}
