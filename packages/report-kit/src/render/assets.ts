import { imageSize } from 'image-size';
import { RenderError } from '../message.ts';
import type { RenderLimits } from './limits.ts';

const MAX_ASSETS = 20_000;

function pixelsOf(bytes: Uint8Array): { width: number; height: number } | undefined {
  try {
    return imageSize(bytes);
  } catch {
    return undefined;
  }
}

/** Refuses pictures that would take gigabytes once decoded, and sets of assets that are too large; reads headers only. */
export function checkAssets(assets: ReadonlyMap<string, Uint8Array>, limits: RenderLimits): void {
  if (assets.size > MAX_ASSETS)
    throw new RenderError(
      'assets-too-many',
      `The job has ${assets.size} assets, and ${MAX_ASSETS} are allowed.`,
    );
  let total = 0;
  for (const [name, bytes] of assets) {
    total += bytes.length;
    const size = pixelsOf(bytes);
    if (size && size.width * size.height > limits.imagePixels)
      throw new RenderError(
        'image-too-large',
        `The picture ${name.slice(0, 200)} measures ${size.width} × ${size.height} pixels, and ${Math.round(limits.imagePixels / 1_000_000)} megapixels are allowed: scale it down.`,
      );
  }
  if (total > limits.assetBytes)
    throw new RenderError(
      'assets-too-large',
      `The job's assets are ${Math.round(total / 1024 ** 2)} MB, and ${Math.round(limits.assetBytes / 1024 ** 2)} MB are allowed: use fewer or smaller pictures.`,
    );
}
