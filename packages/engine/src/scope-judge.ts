import type { AssetRef } from '@glacis/contract';
import { createScope } from '@glacis/foundation';
import { refId, type ObservationBatch, type RefId } from './observation-batch.ts';
import type { ScanScope } from './scope.ts';

/**
 * Decides for each asset of a batch whether it is inside the scan's scope. Names and URLs are judged by their host, an
 * address by being a target itself or by what resolved to it, services, endpoints and websites by their address or host.
 */
export function createScopeJudge(rules: ScanScope, batch: ObservationBatch): (asset: AssetRef) => boolean {
  const scope = createScope(rules);
  const resolvedFrom = Map.groupBy(
    batch.links.filter(link => link.relation === 'resolves_to'),
    link => refId(link.asset),
  );
  const ledTo = Map.groupBy(batch.links, link => refId(link.asset));

  const isHost = (host: string): boolean => scope.name(host).isAllowed || scope.network(host).isAllowed;

  function isAddress(address: string): boolean {
    if (scope.network(address).isAllowed) return true;
    const names = resolvedFrom.get(refId({ kind: 'ip', key: address })) ?? [];
    return scope.reachable(address).isAllowed && names.some(link => scope.name(link.from.key).isAllowed);
  }

  /** For kinds without a host of their own: in scope when what led there is. */
  function isLedToByOurs(asset: AssetRef, seen: ReadonlySet<RefId>): boolean {
    const id = refId(asset);
    if (seen.has(id)) return false;
    const links = ledTo.get(id) ?? [];
    return links.some(link => refId(link.from) !== id && judge(link.from, new Set([...seen, id])));
  }

  function judge(asset: AssetRef, seen: ReadonlySet<RefId> = new Set()): boolean {
    switch (asset.kind) {
      case 'domain':
      case 'hostname':
        return scope.name(asset.key).isAllowed;
      case 'ip':
        return isAddress(asset.key);
      case 'service':
        return scope.reachable(addressOfService(asset.key)).isAllowed;
      case 'endpoint':
        return isHost(asset.key.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
      case 'website':
      case 'url':
        return isHost(hostOfUrl(asset.key));
      case 'email':
        return scope.name(asset.key.split('@').at(-1) ?? '').isAllowed;
      case 'certificate':
      case 'technology':
        return isLedToByOurs(asset, seen);
    }
  }
  return asset => judge(asset);
}

/** The address of a service key `address:port/tcp`. */
export function addressOfService(key: string): string {
  return key.replace(/:\d+\/(tcp|udp)$/, '').replace(/^\[|\]$/g, '');
}

function hostOfUrl(url: string): string {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return '';
  }
}
