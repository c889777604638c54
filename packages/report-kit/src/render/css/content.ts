import parseValue from 'postcss-value-parser';
import type { Node } from 'postcss-value-parser';

/** One part of a `content` value, as far as margin boxes and `string-set` use it. */
export type ContentPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'counter'; readonly name: string; readonly style: string }
  | { readonly kind: 'string'; readonly name: string; readonly which: string }
  | { readonly kind: 'element'; readonly name: string; readonly which: string }
  | { readonly kind: 'picture'; readonly url: string }
  | { readonly kind: 'content'; readonly which: string }
  | { readonly kind: 'attribute'; readonly name: string };

const words = (nodes: readonly Node[]): string[] =>
  nodes.filter(node => node.type === 'word' || node.type === 'string').map(node => node.value);

/** The text of a CSS string, with its escapes resolved. */
function unescape(text: string): string {
  return text.replace(
    /\\(?:([0-9a-fA-F]{1,6})\s?|(.))/gs,
    (_all, hex: string | undefined, character: string | undefined) => {
      if (hex === undefined) return character === '\n' ? '' : (character ?? '');
      const point = Number.parseInt(hex, 16);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
    },
  );
}

function functionPart(node: Node & { type: 'function' }): ContentPart | undefined {
  const [first = '', second = ''] = words(node.nodes);
  switch (node.value.toLowerCase()) {
    case 'counter':
      return { kind: 'counter', name: first, style: second || 'decimal' };
    case 'string':
      return { kind: 'string', name: first, which: second || 'first' };
    case 'element':
      return { kind: 'element', name: first, which: second || 'first' };
    case 'url':
      return { kind: 'picture', url: first };
    case 'content':
      return { kind: 'content', which: first || 'text' };
    case 'attr':
      return { kind: 'attribute', name: first };
    default:
      return undefined;
  }
}

/** Parses a `content` value; what it does not know is left out. */
export function parseContent(value: string): ContentPart[] {
  return parseValue(value).nodes.flatMap((node): ContentPart[] => {
    if (node.type === 'string') return [{ kind: 'text', text: unescape(node.value) }];
    if (node.type !== 'function') return [];
    const part = functionPart(node);
    return part ? [part] : [];
  });
}

/** Parses `string-set: name content(), other 'x' attr(y)` into pairs of name and parts. */
export function parseStringSet(value: string): { name: string; parts: ContentPart[] }[] {
  const sets: { name: string; parts: ContentPart[] }[] = [];
  let current: Node[] = [];
  const flush = (): void => {
    const [head, ...rest] = current.filter(node => node.type !== 'space');
    if (head?.type === 'word' && head.value !== 'none')
      sets.push({
        name: head.value,
        parts: parseContent(rest.map(node => parseValue.stringify(node)).join(' ')),
      });
    current = [];
  };
  for (const node of parseValue(value).nodes) {
    if (node.type === 'div' && node.value === ',') flush();
    else current.push(node);
  }
  flush();
  return sets;
}
