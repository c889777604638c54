const LENGTH = /^(?:auto|0|-?\d{1,5}(?:\.\d{1,4})?(?:px|pt|pc|mm|cm|in|em|rem|ex|ch|lh|vw|vh|%))$/;
const COLOR = /^(?:[a-z]{3,24}|#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\d\s.,%/]{3,60}\))$/;
const WORD = /^[a-z][a-z-]{0,24}$/;
const LENGTHS = /^(?:(?:auto|0|\d{1,5}(?:\.\d{1,4})?(?:px|pt|mm|cm|in|em|rem|%))\s*){1,4}$/;
const BORDER = /^(?:(?:\d{1,2}(?:\.\d{1,2})?(?:px|pt|mm)|[a-z]{3,24}|#[0-9a-f]{3,8})\s*){1,3}$/;
const WEIGHT = /^(?:[a-z]{4,8}|[1-9]00)$/;

const PROPERTIES: ReadonlyMap<string, RegExp> = new Map([
  ...[
    'width',
    'height',
    'min-width',
    'max-width',
    'min-height',
    'max-height',
    'font-size',
    'text-indent',
  ].map((name): [string, RegExp] => [name, LENGTH]),
  ...['color', 'background-color'].map((name): [string, RegExp] => [name, COLOR]),
  ...['margin', 'padding'].flatMap((name): [string, RegExp][] => [
    [name, LENGTHS],
    ...['top', 'right', 'bottom', 'left'].map((side): [string, RegExp] => [`${name}-${side}`, LENGTH]),
  ]),
  ...['border', 'border-top', 'border-right', 'border-bottom', 'border-left'].map(
    (name): [string, RegExp] => [name, BORDER],
  ),
  ...[
    'text-align',
    'vertical-align',
    'font-style',
    'text-decoration',
    'white-space',
    'word-break',
    'overflow-wrap',
    'hyphens',
    'float',
    'clear',
    'display',
    'break-before',
    'break-after',
    'break-inside',
    'page-break-before',
    'page-break-after',
    'page-break-inside',
    'object-fit',
    'border-collapse',
    'list-style-type',
    'direction',
  ].map((name): [string, RegExp] => [name, WORD]),
  ['font-weight', WEIGHT],
]);

/** A CSS length or percentage as an attribute may give it (`50%`, `8cm`, `300`); a bare number is in CSS pixels. */
export function parseLength(value: string): string | undefined {
  const text = value.trim().toLowerCase();
  const length = /^\d{1,5}(?:\.\d{1,4})?$/.test(text) ? `${text}px` : text;
  return LENGTH.test(length) && !length.startsWith('-') ? length : undefined;
}

/**
 * Keeps the declarations of a style attribute that only change how the text itself looks: no positions, no addresses,
 * no functions but colours.
 */
export function cleanStyle(style: string): string | undefined {
  if (style.length > 2000 || /[\\<>{}"'@]|\/\*/.test(style)) return undefined;
  const kept: string[] = [];
  for (const declaration of style.split(';')) {
    const at = declaration.indexOf(':');
    if (at < 0) continue;
    const name = declaration.slice(0, at).trim().toLowerCase();
    const value = declaration
      .slice(at + 1)
      .trim()
      .toLowerCase();
    if (PROPERTIES.get(name)?.test(value) === true) kept.push(`${name}: ${value}`);
  }
  return kept.length > 0 ? kept.join('; ') : undefined;
}
