import { ChartRun } from 'docx/charts';
import type { OutlineBlock } from '../outline/index.ts';
import { SEVERITY_COLOURS } from './styles.ts';
import { cleanText } from './text.ts';

type ChartBlock = OutlineBlock & { kind: 'chart' };

const BAR = '2457A0';
const TRACK = 'E6EAEF';
const FONT = { size: 10, color: '1F2933' } as const;
/** CSS pixels that a bar takes with the room around it, and that all bars do beside that. */
const BAR_PX = 26;
const REST_PX = 14;

/** What the chart says, for those who do not see it. */
function described({ caption, items, of }: ChartBlock): string {
  const values = items.map(({ label, value }) => `${label}: ${value}${of === undefined ? '' : `/${of}`}`);
  return cleanText(`${caption}. ${values.join(', ')}.`);
}

/** A chart that Word draws itself: vectors in the document's fonts, its numbers there to edit. */
export function chartRun(block: ChartBlock, widthPx: number): ChartRun {
  const { caption, items, of } = block;
  const description = described(block);
  const values = items.map(({ value }) => value);
  const colors = items.map(({ severity }) => (severity === undefined ? BAR : SEVERITY_COLOURS[severity]));
  const labels = { value: true, font: { ...FONT, bold: true } } as const;
  const name = cleanText(caption);
  const rest = items.map(({ value }) => Math.max(0, (of ?? value) - value));
  return new ChartRun({
    type: 'bar',
    categories: items.map(({ label }) => cleanText(label)),
    series:
      of === undefined
        ? [{ name, values, colors, color: BAR, dataLabels: labels }]
        : [
            { name, values, colors, color: BAR, dataLabels: false },
            { name: ' ', values: rest, color: TRACK, dataLabels: false },
          ],
    stacking: of === undefined ? 'none' : 'percent',
    gapWidth: 60,
    legend: false,
    chartArea: { fill: 'none', border: 'none' },
    // Word puts the first bar at the bottom otherwise.
    categoryAxis: { reverseOrder: true, font: FONT },
    valueAxis: { visible: false, gridlines: false, minimum: 0 },
    transformation: { width: widthPx, height: BAR_PX * Math.max(1, items.length) + REST_PX },
    altText: { name: name.slice(0, 100), title: name.slice(0, 100), description },
  });
}
