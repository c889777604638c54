/** How many assets and findings were known at a time after the start. */
export interface CurvePoint {
  readonly elapsedMs: number;
  readonly assets: number;
  readonly findings: number;
}

const MAX_POINTS = 400;

/** Adds a point to a curve; when it gets long every second older point goes, so that its shape stays. */
export function extendCurve(curve: readonly CurvePoint[], point: CurvePoint): readonly CurvePoint[] {
  const last = curve.at(-1);
  if (last && point.elapsedMs <= last.elapsedMs) return curve;
  const next = [...curve, point];
  return next.length <= MAX_POINTS
    ? next
    : next.filter((_, index) => index % 2 === 0 || index === next.length - 1);
}

/** The curve as an SVG path of steps: time runs to the right up to `endMs`, counts grow upwards to the largest. */
export function curvePath(
  curve: readonly CurvePoint[],
  of: 'assets' | 'findings',
  size: { readonly width: number; readonly height: number; readonly endMs: number },
): string {
  const top = Math.max(1, ...curve.map(point => point[of]));
  const x = (point: CurvePoint) => ((point.elapsedMs / Math.max(1, size.endMs)) * size.width).toFixed(1);
  const y = (point: CurvePoint) => (size.height - (point[of] / top) * size.height).toFixed(1);
  return `M0 ${size.height}${curve.map(point => `H${x(point)}V${y(point)}`).join('')}`;
}
