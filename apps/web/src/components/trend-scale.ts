import { severities, type Severity } from '@glacis/contract';

/** One column of a stacked chart: its place and its parts from the bottom up, in the units of the drawing. */
export interface StackedColumn {
  readonly x: number;
  readonly width: number;
  readonly parts: readonly { readonly severity: Severity; readonly y: number; readonly height: number }[];
}

const MAX_WIDTH = 34;
/** Columns are never spread wider than if there were this many. */
const MIN_SLOTS = 12;

/** Lays out findings by severity as stacked columns, info left out: it would drown the rest. */
export function stackColumns(
  points: readonly { readonly findings: Readonly<Record<Severity, number>> }[],
  size: { readonly width: number; readonly height: number },
): { columns: StackedColumn[]; lines: number[]; gap: number } {
  const shown = severities.filter(severity => severity !== 'info').reverse();
  const totals = points.map(point => shown.reduce((sum, severity) => sum + point.findings[severity], 0));
  const top = Math.max(4, ...totals);
  const slot = size.width / Math.max(MIN_SLOTS, points.length);
  const width = Math.min(MAX_WIDTH, slot * 0.7);
  const columns = points.map((point, index) => {
    let y = size.height;
    const parts = shown
      .filter(severity => point.findings[severity] > 0)
      .map(severity => {
        const height = (point.findings[severity] / top) * size.height;
        y -= height;
        return { severity, y, height: Math.max(0, height - 1) };
      });
    return { x: index * slot + (slot - width) / 2, width, parts };
  });
  return { columns, lines: [0, 0.5, 1].map(part => Math.round(part * size.height)), gap: slot - width };
}
