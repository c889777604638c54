const PIXELS: Readonly<Record<string, number>> = {
  px: 1,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  q: 96 / 101.6,
  pt: 96 / 72,
  pc: 16,
  em: 16,
  rem: 16,
};

const SIZES: Readonly<Record<string, readonly [string, string]>> = {
  a3: ['297mm', '420mm'],
  a4: ['210mm', '297mm'],
  a5: ['148mm', '210mm'],
  b4: ['250mm', '353mm'],
  b5: ['176mm', '250mm'],
  letter: ['8.5in', '11in'],
  legal: ['8.5in', '14in'],
  ledger: ['11in', '17in'],
};

/** A CSS length in pixels; percentages are of `whole`; undefined for anything else. */
export function pixels(value: string, whole = 0): number | undefined {
  const match = /^(-?\d{0,9}(?:\.\d{1,9})?)([a-z%]{0,4})$/i.exec(value.trim());
  const [, digits = '', unit = ''] = match ?? [];
  if (digits === '' || digits === '-') return undefined;
  const number = Number(digits);
  if (unit === '') return number === 0 ? 0 : undefined;
  if (unit === '%') return (number / 100) * whole;
  const factor = PIXELS[unit.toLowerCase()];
  return factor === undefined ? undefined : number * factor;
}

/** Width and height of an `@page` size in pixels. */
export function pageSize(value: string): { width: number; height: number } | undefined {
  const words = value.trim().toLowerCase().split(/\s+/);
  const isLandscape = words.includes('landscape');
  const isPortrait = words.includes('portrait');
  const named = words.map(word => SIZES[word]).find(size => size !== undefined);
  const lengths = named ?? words.filter(word => !['landscape', 'portrait', 'auto'].includes(word));
  const first = pixels(lengths[0] ?? (isLandscape || isPortrait ? '210mm' : ''));
  if (first === undefined) return undefined;
  const second = pixels(lengths[1] ?? (lengths.length === 1 ? (lengths[0] ?? '') : '297mm')) ?? first;
  if (isLandscape) return { width: Math.max(first, second), height: Math.min(first, second) };
  if (isPortrait) return { width: Math.min(first, second), height: Math.max(first, second) };
  return { width: first, height: second };
}

/** The four margins of a `margin` shorthand, in pixels: top, right, bottom, left. */
export function margins(
  value: string,
  size: { width: number; height: number },
): [number, number, number, number] {
  const words = value.trim().split(/\s+/);
  const at = (index: number): string => words[index] ?? words[index - 2] ?? words[0] ?? '0';
  const [top, right, bottom, left] = [at(0), at(1), at(2), words[3] ?? at(1)];
  return [
    pixels(top, size.height) ?? 0,
    pixels(right, size.width) ?? 0,
    pixels(bottom, size.height) ?? 0,
    pixels(left, size.width) ?? 0,
  ];
}
