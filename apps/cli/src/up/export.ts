import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { assetQuery, findingQuery } from '@glacis/contract';
import { listAssets, listFindings, type Platform } from '@glacis/domain';
import type { TenantId } from '@glacis/foundation';

const PAGE_SIZE = 200;

type Page = (page: number) => Promise<{ items: readonly unknown[]; total: number }>;

/** Writes what a page function gives as JSON lines; memory stays at one page. */
async function writeLines(file: string, readPage: Page): Promise<number> {
  let count = 0;
  await pipeline(async function* () {
    for (let page = 1; ; page += 1) {
      const { items } = await readPage(page);
      for (const item of items) yield `${JSON.stringify(item)}\n`;
      count += items.length;
      if (items.length < PAGE_SIZE) return;
    }
  }, createWriteStream(file));
  return count;
}

/** Writes all assets that a scan met, in scope or not, one JSON object a line. */
export function exportAssets(
  platform: Platform,
  tenant: TenantId,
  scanId: string,
  file: string,
): Promise<number> {
  return writeLines(file, page =>
    platform.database.inTenant(tenant, tx =>
      listAssets(tx, assetQuery.parse({ scanId, scope: 'all', sort: 'kind', page, pageSize: PAGE_SIZE })),
    ),
  );
}

/** Writes all findings of a scan, one JSON object a line. */
export function exportFindings(
  platform: Platform,
  tenant: TenantId,
  scanId: string,
  file: string,
): Promise<number> {
  return writeLines(file, async page => {
    const result = await platform.database.inTenant(tenant, tx =>
      listFindings(tx, findingQuery.parse({ scanId, page, pageSize: PAGE_SIZE })),
    );
    const items = result.items.map(({ asset, ...finding }) => ({
      ...finding,
      assetId: asset.id,
      assetKind: asset.kind,
      assetKey: asset.key,
    }));
    return { items, total: result.total };
  });
}
