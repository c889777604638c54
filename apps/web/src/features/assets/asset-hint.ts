import type { AssetKind } from '@glacis/contract';

const MAX_LENGTH = 160;

/** One line about an asset for the inventory: what tells it from its neighbours, by kind. Empty when nothing is known. */
export function assetHint(asset: { kind: AssetKind; attributes: Readonly<Record<string, unknown>> }): string {
  const { attributes } = asset;
  return parts(asset.kind, name => text(attributes[name]))
    .filter(part => part !== '')
    .join(' · ')
    .slice(0, MAX_LENGTH);
}

function parts(kind: AssetKind, of: (name: string) => string): string[] {
  switch (kind) {
    case 'hostname':
      return [of('cname') === '' ? of('addresses') : `→ ${of('cname')}`];
    case 'service':
    case 'endpoint':
      return [of('protocol'), [of('product'), of('version')].filter(Boolean).join(' ') || of('banner')];
    case 'certificate':
      return [of('subject'), of('issuer')];
    case 'website':
    case 'url':
      return [of('status'), of('title') || of('contentType'), of('server')];
    case 'domain':
      return [of('ns')];
    case 'technology':
      return [of('version')];
    case 'ip':
    case 'email':
      return [];
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.filter(one => typeof one === 'string').join(', ');
  return '';
}
