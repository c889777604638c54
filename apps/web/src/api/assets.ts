import {
  assetCounts,
  assetDetail,
  assetView,
  pageOf,
  type AssetDetail,
  type AssetView,
} from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { request, tenantUrl, type QueryValues } from './client.ts';

const assetPage = pageOf(assetView);

/** An asset in a list. What a key of its attributes holds is looked at where it is shown. */
export type ListedAsset = Omit<AssetView, 'attributes'> & {
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** An asset in full, with attributes like those of {@link ListedAsset}. */
export type ShownAsset = Omit<AssetDetail, 'attributes'> & Pick<ListedAsset, 'attributes'>;

/** A page of assets with the number of all that match. */
export interface AssetPage {
  readonly items: readonly ListedAsset[];
  readonly total: number;
}

/** A page of assets. */
export function assetsQuery(tenant: string, query: QueryValues) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'assets', 'list', query] as const,
    queryFn: ({ signal }): Promise<AssetPage> =>
      request(assetPage, tenantUrl(tenant, 'assets'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** How many assets in scope there are of each kind. */
export function assetCountsQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'assets', 'counts'] as const,
    queryFn: ({ signal }) => request(assetCounts, tenantUrl(tenant, 'assets', 'counts'), { signal }),
  });
}

/** One asset with how it was found, what it is connected to and who looked at it. */
export function assetQueryOf(tenant: string, id: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'assets', 'one', id] as const,
    queryFn: ({ signal }): Promise<ShownAsset> =>
      request(assetDetail, tenantUrl(tenant, 'assets', id), { signal }),
  });
}

/** Address of an asset's last screenshot (PNG). */
export function screenshotUrl(tenant: string, id: string): string {
  return tenantUrl(tenant, 'assets', id, 'screenshot');
}
