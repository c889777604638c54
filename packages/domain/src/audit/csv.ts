/** Beginnings that spreadsheets take for a formula. */
const FORMULA = /^[=+\-@\t\r\n|%]/;

/**
 * A line of CSV (RFC 4180) with quotes around each cell. Text that a spreadsheet would run gets an apostrophe before it.
 */
export function csvRow(cells: readonly (string | number | null | undefined)[]): string {
  const quoted = cells.map(cell => {
    if (typeof cell === 'number') return String(cell);
    const text = cell ?? '';
    return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  });
  return `${quoted.join(',')}\r\n`;
}
