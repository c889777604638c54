import type { AtRule, Declaration } from 'postcss';
import { parseContent } from './content.ts';
import type { ContentPart } from './content.ts';
import { margins, pageSize, pixels } from './length.ts';

/** A margin box that Chromium cannot fill itself: it is laid over the page afterwards. */
export interface MarginBox {
  readonly area: string;
  readonly parts: readonly ContentPart[];
  /** The box's other declarations, as CSS text. */
  readonly style: string;
}

/** One `@page` rule: which pages it is for, and what it says. */
export interface PageRule {
  readonly name: string;
  /** `first`, `left`, `right`, `blank` or empty. */
  readonly pseudo: string;
  readonly size?: { readonly width: number; readonly height: number };
  readonly margin?: readonly [number, number, number, number];
  readonly boxes: readonly MarginBox[];
  /** Areas that this rule fills natively or empties: an overlaid box of a weaker rule gives way to them. */
  readonly otherAreas: readonly string[];
}

const AREA = /^(top|bottom|left|right)(-(left|center|right|top|middle|bottom)(-corner)?)?$/;

/** A4 with no margin, for what a design leaves unsaid. */
export const DEFAULT_SIZE = { width: (210 / 25.4) * 96, height: (297 / 25.4) * 96 };

const declarationsOf = (rule: AtRule): Declaration[] =>
  (rule.nodes ?? []).filter((node): node is Declaration => node.type === 'decl');

/** What one print of a part knows of page numbers: all of them, those of its own pages, or none. */
export type KnownPages = 'all' | 'own' | 'none';

/** What is counted that the print does not know. */
const UNKNOWN: Readonly<Record<KnownPages, RegExp>> = {
  all: /(?!)/,
  own: /\bcounters?\(\s*pages\b/i,
  none: /\bcounters?\(\s*pages?\b/i,
};

function marginBox(rule: AtRule, known: KnownPages): MarginBox | undefined {
  const declarations = declarationsOf(rule);
  const content = declarations.findLast(declaration => declaration.prop === 'content');
  const isOurs =
    /\b(element|string)\s*\(/i.test(content?.value ?? '') || UNKNOWN[known].test(content?.value ?? '');
  if (!content || !isOurs) return undefined;
  const style = declarations
    .filter(declaration => declaration !== content)
    .map(declaration => `${declaration.prop}: ${declaration.value}`)
    .join('; ');
  return { area: rule.name, parts: parseContent(content.value), style };
}

function readMargin(declarations: readonly Declaration[], size: { width: number; height: number }) {
  let found: [number, number, number, number] | undefined;
  for (const { prop, value } of declarations) {
    if (prop === 'margin') found = margins(value, size);
    const side = ['margin-top', 'margin-right', 'margin-bottom', 'margin-left'].indexOf(prop);
    if (side === -1) continue;
    found ??= [0, 0, 0, 0];
    found[side] = pixels(value, side % 2 === 0 ? size.height : size.width) ?? 0;
  }
  return found;
}

/**
 * Reads one `@page` rule and takes the boxes that Chromium cannot fill out of it: those with running elements and named
 * strings and, when the document is printed in parts, those that count pages which the part does not know.
 */
export function takePageRules(rule: AtRule, known: KnownPages): PageRule[] {
  const declarations = declarationsOf(rule);
  const sizeText = declarations.findLast(declaration => declaration.prop === 'size')?.value;
  const size = sizeText === undefined ? undefined : pageSize(sizeText);
  const margin = readMargin(declarations, size ?? DEFAULT_SIZE);
  const boxes: MarginBox[] = [];
  const otherAreas: string[] = [];
  for (const node of rule.nodes ?? []) {
    if (node.type !== 'atrule' || !AREA.test(node.name)) continue;
    const box = marginBox(node, known);
    if (!box) {
      otherAreas.push(node.name);
      continue;
    }
    boxes.push(box);
    // A weaker rule's native content must not show through where this rule lays its own over.
    node.removeAll();
    node.append({ prop: 'content', value: 'none' });
  }
  const selectors =
    rule.params.trim() === '' ? [''] : rule.params.split(',').map(selector => selector.trim());
  return selectors.map(selector => {
    const [name = '', pseudo = ''] = selector.split(':');
    return { name, pseudo, boxes, otherAreas, ...(size ? { size } : {}), ...(margin ? { margin } : {}) };
  });
}
