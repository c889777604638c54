import { kidsOf, numberOf, roleOf, withKids } from './elements.ts';
import type { PdfSource } from './source.ts';

/** Cells that one row may be short of; beyond that a table is left as it is. */
const MAX_MISSING = 100;

interface Row {
  readonly number: number;
  /** Columns that cells of rows above reach into. */
  readonly occupied: ReadonlySet<number>;
  /** The first column after its own cells. */
  readonly end: number;
}

const spanOf = (cell: string, name: string): number =>
  Math.max(1, Number(new RegExp(`/${name} (\\d+)`).exec(cell)?.[1] ?? 1));

/** The rows of a table: those of each group apart, since no cell reaches beyond its group. */
function groupsOf(source: PdfSource, table: string): number[][] {
  const groups: number[][] = [[]];
  for (const kid of kidsOf(table)) {
    const number = numberOf(kid);
    const { text } = source.read(number);
    if (/^(?:THead|TBody|TFoot)$/.test(roleOf(text))) groups.push(kidsOf(text).map(numberOf));
    else if (roleOf(text) === 'TR') groups[0]?.push(number);
  }
  return groups;
}

/** Lays the cells of a group out as HTML does; a cell that reaches beyond the last row is cut there. */
function layOut(source: PdfSource, rows: readonly number[]): Row[] {
  /** Column → the row before which it is free again. */
  const busy = new Map<number, number>();
  return rows.map((number, index) => {
    const occupied = new Set([...busy].filter(([, until]) => until > index).map(([column]) => column));
    let column = 0;
    for (const kid of kidsOf(source.read(number).text)) {
      const { text } = source.read(numberOf(kid));
      while (occupied.has(column)) column += 1;
      const columns = spanOf(text, 'ColSpan');
      const height = spanOf(text, 'RowSpan');
      const fitting = Math.min(height, rows.length - index);
      if (fitting < height)
        source.change(numberOf(kid), { text: text.replace(/\/RowSpan \d+/, `/RowSpan ${fitting}`) });
      if (fitting > 1) for (let at = column; at < column + columns; at++) busy.set(at, index + fitting);
      column += columns;
    }
    return { number, occupied, end: column };
  });
}

/** Gives all rows the same number of columns: HTML lets a row be short, and Chromium leaves out cells without content. */
export function mendTable(source: PdfSource, table: string): void {
  const rows = groupsOf(source, table).flatMap(group => layOut(source, group));
  const width = rows.reduce(
    (most, { end, occupied }) => Math.max(most, end, ...[...occupied].map(at => at + 1)),
    0,
  );
  for (const { number, occupied, end } of rows) {
    const taken = [...occupied].filter(column => column >= end).length;
    const missing = width - end - taken;
    const { text } = source.read(number);
    if (missing <= 0 || missing > MAX_MISSING || kidsOf(text).length === 0) continue;
    const cells = Array.from(
      { length: missing },
      () => `${source.add({ text: `<</Type /StructElem\n/S /TD\n/P ${number} 0 R>>` })} 0 R`,
    );
    source.change(number, { text: withKids(text, [...kidsOf(text), ...cells]) });
  }
}
