import { random } from '../random.ts';
import type { Site } from '../world/site.ts';
import { pictureColours } from './style-sheet.ts';

/** A calm landscape of hills under a sun, different for each site and name. */
export function landscape(site: Site, name: string): string {
  const pick = random('picture', site.id, name);
  const [sky, near, far] = pictureColours(site.look);
  const hill = (base: number, height: number): string => {
    const points = [0, 1, 2, 3, 4].map(step => {
      const y = base - pick.below(height);
      return `${step === 0 ? 'L' : 'T'}${step * 160} ${y}`;
    });
    return `M0 400 ${points[0]?.replace('L0', 'L0') ?? ''} Q80 ${base - height} 160 ${base} ${points
      .slice(2)
      .join(' ')} L640 400 Z`;
  };
  const sunX = 80 + pick.below(480);
  const sunY = 70 + pick.below(90);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" width="640" height="400" role="img">
<rect width="640" height="400" fill="${sky}"/>
<circle cx="${sunX}" cy="${sunY}" r="${30 + pick.below(40)}" fill="#fff" opacity=".55"/>
<path d="${hill(250, 90)}" fill="${far}" opacity=".7"/>
<path d="${hill(310, 80)}" fill="${near}" opacity=".8"/>
<path d="${hill(365, 60)}" fill="${near}"/>
</svg>
`;
}

/** A 16 × 16 icon in the look's accent colour, as ICO with one 32-bit picture. */
export function favicon(site: Site): Buffer {
  const [, accent] = pictureColours(site.look);
  const [red, green, blue] = [1, 3, 5].map(start => Number.parseInt(accent.slice(start, start + 2), 16));
  const head = Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0]);
  const place = Buffer.alloc(8);
  const pixels = Buffer.alloc(16 * 16 * 4);
  for (let index = 0; index < 256; index += 1) {
    const isEdge = index % 16 < 2 || index % 16 > 13 || index < 32 || index > 223;
    pixels.set([blue ?? 0, green ?? 0, red ?? 0, isEdge ? 0 : 255], index * 4);
  }
  const bitmap = Buffer.alloc(40);
  bitmap.writeUInt32LE(40, 0);
  bitmap.writeInt32LE(16, 4);
  bitmap.writeInt32LE(32, 8);
  bitmap.writeUInt16LE(1, 12);
  bitmap.writeUInt16LE(32, 14);
  const mask = Buffer.alloc(64);
  place.writeUInt32LE(bitmap.length + pixels.length + mask.length, 0);
  place.writeUInt32LE(head.length + place.length, 4);
  return Buffer.concat([head, place, bitmap, pixels, mask]);
}
