import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';

export default defineScanner({
  id: 'screenshot',
  title: 'Screenshots',
  description:
    'Opens each website in a browser that can reach nothing outside the scope, and takes a picture.',
  consumes: ['website'],
  produces: ['website'],
  reports: [],
  mode: 'active',
  risk: 'safe',
  needsBrowser: true,
  options: z.object({
    width: z.number().int().min(320).max(3840).default(1280),
    height: z.number().int().min(240).max(2160).default(800),
    timeoutMs: z.number().int().min(1000).max(60_000).default(15_000),
  }),
  batchSize: 12,
  timeoutMs: 180_000,
  accepts: website => typeof website.attributes['status'] === 'number' && !('location' in website.attributes),
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 2, limitMs: 45_000, signal: context.signal }, async function* (website) {
      const asset = { kind: 'website' as const, key: website.key };
      const { bytes, title } = await context.browser.screenshot(`${website.key}/`, context.options);
      yield { type: 'blob', asset, name: 'screenshot', mediaType: 'image/png', bytes };
      yield {
        type: 'asset',
        asset: { ...asset, attributes: { hasScreenshot: true, titleInBrowser: title.slice(0, 200) } },
        from: asset,
        reason: 'its screenshot',
      };
      return undefined;
    }),
});
