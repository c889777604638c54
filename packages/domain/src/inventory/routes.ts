import {
  assetCounts,
  assetDetail,
  assetQuery,
  assetView,
  pageOf,
  tenantPath,
  thingPath,
} from '@glacis/contract';
import { inRouteTenant, notFound, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { countAssets, listAssets, readAsset, readAssetBlob } from './repository.ts';

const url = '/api/tenants/:tenant/assets';

/** Routes of the inventory. */
export const inventoryRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'asset.read',
    summary: 'Lists assets, filtered, sorted and paged.',
    params: tenantPath,
    query: assetQuery,
    answer: pageOf(assetView),
    handle: input => inRouteTenant(input, tx => listAssets(tx, input.query)),
  }),
  route({
    method: 'GET',
    url: `${url}/counts`,
    access: 'asset.read',
    summary: 'Counts the assets in scope by kind.',
    params: tenantPath,
    answer: assetCounts,
    handle: input => inRouteTenant(input, countAssets),
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'asset.read',
    summary: 'Shows an asset with its discovery path, connections and coverage.',
    params: thingPath,
    answer: assetDetail,
    handle: input => inRouteTenant(input, tx => readAsset(tx, input.params.id, input.platform.registry)),
  }),
  route({
    method: 'GET',
    url: `${url}/:id/screenshot`,
    access: 'asset.read',
    summary: 'The last screenshot of a website.',
    params: thingPath,
    answer: 'file',
    fileTypes: ['image/png', 'image/jpeg', 'image/webp'],
    handle: async input => {
      const tenant = tenantOf(input);
      const blob = await inRouteTenant(input, tx => readAssetBlob(tx, input.params.id, 'screenshot'));
      if (!blob) throw notFound('screenshot');
      const key = await input.platform.keyOf(tenant);
      return {
        bytes: await input.platform.blobs.get(tenant, key, blob.storageKey),
        mediaType: blob.mediaType,
      };
    },
  }),
];
