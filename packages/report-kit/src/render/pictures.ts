import { z } from 'zod';
import { RenderError } from '../message.ts';
import { ENDED, callWithin } from './diagrams.ts';
import type { RenderLimits } from './limits.ts';
import type { PageSession } from './page-session.ts';

/** A drawing for outputs that cannot draw it themselves: an SVG file, or a diagram in Mermaid's language. */
export interface DrawingRequest {
  readonly kind: 'svg' | 'diagram';
  readonly source: string;
}

/** A drawing as pixels, and as a cleaned vector beside them; sizes in CSS pixels. */
export interface Drawing {
  readonly png: Uint8Array;
  readonly svg: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Pixels of the picture for each CSS pixel. */
const SCALE = 2.5;
const MAX_SIDE_PX = 4_000;

const drawn = z.union([
  z.object({
    svg: z.string().max(20_000_000),
    width: z.number().min(1).max(MAX_SIDE_PX),
    height: z.number().min(1).max(MAX_SIDE_PX),
  }),
  z.object({ fault: z.string().max(1_000) }),
]);

/** Draws one after the other in a fresh page; a sentence says why one cannot be drawn. */
export async function drawAll(
  session: PageSession,
  requests: readonly DrawingRequest[],
  { diagramMs: limitMs }: RenderLimits,
): Promise<(Drawing | string)[]> {
  const results: (Drawing | string)[] = [];
  for (const request of requests) {
    const answer = await callWithin(session, 'drawPicture', request, limitMs).catch((error: unknown) => {
      if (error instanceof RenderError) return { fault: error.message };
      throw error;
    });
    if (answer === ENDED) {
      await session.call('forgetDiagram', { index: -1, limitMs });
      results.push(`it takes longer than ${limitMs / 1000} s: divide it, or make it smaller`);
      continue;
    }
    const parsed = drawn.safeParse(answer);
    if (!parsed.success || 'fault' in parsed.data) {
      results.push(parsed.data && 'fault' in parsed.data ? parsed.data.fault : 'it is too large');
      continue;
    }
    const { svg, width, height } = parsed.data;
    const { data } = await session.send('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: true,
      clip: { x: 0, y: 0, width, height, scale: SCALE },
    });
    const png = Buffer.from(String(data), 'base64');
    results.push({ png, svg: Buffer.from(svg, 'utf8'), widthPx: width, heightPx: height });
  }
  return results;
}
