import { Paragraph, Table, TableCell, TableLayoutType, TableRow, WidthType } from 'docx';
import { STYLE_IDS } from './styles.ts';

/** What a character of a table takes, and what the margins of a cell do. */
const CHARACTER = 105;
const MARGINS = 220;
/** Longer words may break anywhere, as they may in PDF. */
const LONGEST_WORD = 25;
/** A sentence needs no more than this to be read well. */
const LONGEST_LINE = 70;
const MEASURED_ROWS = 300;
/** Characters of a row that stays on one page; a longer one may be higher than a page is. */
const LONGEST_KEPT = 1_500;

/** One row of a table that is being built; `texts` are what its cells say, for the widths of the columns. */
export interface RowDraft {
  readonly cells: readonly TableCell[];
  readonly texts: readonly string[];
  readonly isHead: boolean;
}

interface Need {
  readonly least: number;
  readonly most: number;
}

/** What a column needs so that its words stay whole, and what it needs so that its lines do. */
function needOf(texts: readonly string[]): Need {
  const words = texts.flatMap(text => text.split(/[\s\u200B]+/).map(word => word.length));
  const longest = Math.max(1, ...texts.map(text => text.length));
  const least = Math.min(LONGEST_WORD, Math.max(1, ...words)) * CHARACTER + MARGINS;
  return { least, most: Math.max(least, Math.min(LONGEST_LINE, longest) * CHARACTER + MARGINS) };
}

/** Columns that fill the width: whole lines where there is room, whole words where there is less, else in proportion. */
export function columnWidths(rows: readonly (readonly string[])[], whole: number): number[] {
  const columns = Math.max(0, ...rows.map(row => row.length));
  const measured = rows.slice(0, MEASURED_ROWS);
  const needs = Array.from({ length: columns }, (_, column) =>
    needOf(measured.map(row => row[column] ?? '')),
  );
  const sum = (pick: (need: Need) => number): number => needs.reduce((all, need) => all + pick(need), 0);
  const [least, most] = [sum(need => need.least), sum(need => need.most)];
  const widthOf = (need: Need): number => {
    if (least >= whole) return (whole * need.least) / least;
    if (most <= whole) return (whole * need.most) / most;
    return need.least + ((whole - least) * (need.most - need.least)) / (most - least);
  };
  const widths = needs.map(need => Math.floor(widthOf(need)));
  const rest = whole - widths.reduce((all, width) => all + width, 0);
  return widths.map((width, index) => (index === widths.length - 1 ? width + rest : width));
}

/** How a table is laid out. */
export interface TableOptions {
  /** Parts of the width; by what the columns hold without it. */
  readonly shares?: readonly number[];
  readonly style?: string;
}

/** A table of exactly the width given (that of the text), its looks left to its style; rows that are heads come again on each page. */
export function tableOf(rows: readonly RowDraft[], width: number, options: TableOptions = {}): Table {
  const { shares, style = STYLE_IDS.table } = options;
  return new Table({
    style,
    width: { size: width, type: WidthType.DXA },
    // What a style would have grow with a long word stays on the page when the widths are fixed.
    layout: TableLayoutType.FIXED,
    columnWidths: shares
      ? shares.map(share => Math.round(width * share))
      : columnWidths(
          rows.map(({ texts }) => texts),
          width,
        ),
    tableLook: {
      firstRow: rows.some(({ isHead }) => isHead),
      firstColumn: style === STYLE_IDS.facts,
      lastRow: false,
      lastColumn: false,
      noHBand: true,
      noVBand: true,
    },
    rows: rows.map(
      ({ cells, texts, isHead }) =>
        new TableRow({
          children: cells,
          tableHeader: isHead,
          cantSplit: texts.join('').length < LONGEST_KEPT,
        }),
    ),
  });
}

/** A cell of a table. */
export function cellOf(
  children: readonly (Paragraph | Table)[],
  spans: { columnSpan?: number; rowSpan?: number } = {},
): TableCell {
  return new TableCell({
    ...spans,
    children: children.length > 0 ? children : [new Paragraph({ style: STYLE_IDS.tableText })],
  });
}

/** What parts a table from what comes after it, and keeps two tables from growing together; or keeps it on the same page. */
export const tableEnd = (keepNext = false): Paragraph =>
  new Paragraph({ style: STYLE_IDS.tableEnd, ...(keepNext ? { keepNext } : {}) });
