import type { AssetKind } from '@glacis/contract';

/** Icon of each kind of asset. */
export const kindIcon: Readonly<Record<AssetKind, string>> = {
  domain: 'i-lucide-globe',
  hostname: 'i-lucide-server',
  ip: 'i-lucide-network',
  service: 'i-lucide-plug',
  endpoint: 'i-lucide-radio-tower',
  certificate: 'i-lucide-file-badge',
  website: 'i-lucide-app-window',
  url: 'i-lucide-link',
  technology: 'i-lucide-layers',
  email: 'i-lucide-mail',
};
