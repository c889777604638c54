import { list, parse, root as emptyRoot } from 'postcss';
import type { AtRule, Declaration, Root, Rule } from 'postcss';
import parseValue from 'postcss-value-parser';
import type { Message } from '../../message.ts';
import { FALLBACK_FAMILIES } from '../fonts.ts';
import { parseStringSet } from './content.ts';
import type { ContentPart } from './content.ts';
import { DEFAULT_SIZE, takePageRules } from './page-rules.ts';
import type { KnownPages, PageRule } from './page-rules.ts';

/** A design's style sheet as Chromium can print it, and what is left for us to do. */
export interface PagedStyle {
  readonly css: string;
  /** `@page` rules apart, because the sheets that are laid over have their own. */
  readonly pageCss: string;
  readonly rules: readonly PageRule[];
  /** Selectors of elements that are taken out of the flow into margin boxes. */
  readonly running: readonly { readonly selector: string; readonly name: string }[];
  readonly strings: readonly {
    readonly selector: string;
    readonly name: string;
    readonly parts: readonly ContentPart[];
  }[];
  /** Selectors of elements with a page name. */
  readonly named: readonly { readonly selector: string; readonly name: string }[];
  readonly leaders: readonly { readonly selector: string; readonly pseudo: string; readonly text: string }[];
  /** Counters whose value at a link's target is shown, `page` among them. */
  readonly targetCounters: readonly {
    readonly name: string;
    readonly style: string;
    readonly variable: string;
  }[];
  readonly hasTargetText: boolean;
  /** Selectors of links that show their target's page. */
  readonly pageReferences: readonly string[];
  /** Counters other than pages and list items, and the elements that change them. */
  readonly counters: { readonly names: readonly string[]; readonly selectors: readonly string[] };
  /** `@page` rules for a document that is printed in parts: what counts all pages is laid over too. */
  readonly parts: { readonly rules: readonly PageRule[]; readonly pageCss: string };
  /** The same for parts that do not know their pages' numbers; null when more than margin boxes depends on these. */
  readonly free: PagedStyle['parts'] | null;
  readonly footnotes: readonly string[];
  readonly messages: readonly Message[];
}

type Rewritten = Omit<PagedStyle, 'css' | 'pageCss' | 'rules' | 'counters' | 'parts' | 'free'>;
type Work = {
  -readonly [Key in keyof Rewritten]: Rewritten[Key] extends readonly (infer Item)[]
    ? Item[]
    : Rewritten[Key];
};

const selectorOf = (declaration: Declaration): string => {
  const { parent } = declaration;
  return parent?.type === 'rule' ? (parent as Rule).selector : '';
};

const PSEUDO = /::?(before|after|marker)\s*$/;

/** `target-counter(attr(href), page)` becomes a variable that the page sets on each link once it is known. */
function rewriteContent(declaration: Declaration, work: Work): void {
  const value = parseValue(declaration.value);
  let leader: string | undefined;
  value.walk(node => {
    if (node.type !== 'function') return;
    const name = node.value.toLowerCase();
    const words = node.nodes
      .filter(inner => inner.type === 'word' || inner.type === 'string')
      .map(inner => inner.value);
    if (name === 'target-counter' || name === 'target-counters') {
      const counter = words[0] ?? 'page';
      const style = (name === 'target-counters' ? words[2] : words[1]) ?? 'decimal';
      const variable = `--target-${counter}-${style}`;
      if (counter === 'page')
        for (const selector of list.comma(selectorOf(declaration)))
          work.pageReferences.push(selector.replace(PSEUDO, ''));
      if (!work.targetCounters.some(known => known.variable === variable))
        work.targetCounters.push({ name: counter, style, variable });
      Object.assign(node, { type: 'word', value: `var(${variable}, '')`, nodes: undefined });
    } else if (name === 'target-text') {
      work.hasTargetText = true;
      Object.assign(node, { type: 'word', value: "var(--target-text, '')", nodes: undefined });
    } else if (name === 'leader') {
      const pattern = words[0] ?? 'dotted';
      leader = { dotted: '. ', solid: '_', space: ' ' }[pattern] ?? pattern;
      Object.assign(node, { type: 'word', value: "var(--leader, '')", nodes: undefined });
    }
  });
  declaration.value = value.toString();
  if (leader === undefined) return;
  for (const selector of list.comma(selectorOf(declaration))) {
    const pseudo = PSEUDO.exec(selector)?.[1];
    if (pseudo === undefined) continue;
    work.leaders.push({ selector: selector.replace(PSEUDO, ''), pseudo, text: leader });
  }
  // Right-aligned whatever the dots' widths add up to; the override characters keep the reading order.
  declaration.value = `'\\202d' ${declaration.value} '\\202c'`;
  declaration.after({ prop: 'white-space', value: 'pre' });
  declaration.after({ prop: 'direction', value: 'rtl' });
  declaration.after({ prop: 'overflow', value: 'clip' });
  declaration.after({ prop: 'vertical-align', value: 'bottom' });
  declaration.after({ prop: 'width', value: 'var(--leader-width, auto)' });
  declaration.after({ prop: 'display', value: 'inline-block' });
}

const FALLBACK = FALLBACK_FAMILIES.map(family => `'${family}'`).join(', ');
const KEYWORD =
  /^(inherit|initial|unset|revert|revert-layer|caption|icon|menu|message-box|small-caption|status-bar)$/i;

/** Every list of families ends in the bundled ones, so that no script shows as boxes. */
function addFallback(declaration: Declaration): void {
  const value = declaration.value.trim();
  const { parent } = declaration;
  if (KEYWORD.test(value) || (parent?.type === 'atrule' && (parent as AtRule).name === 'font-face')) return;
  // Margin boxes do not see the root's custom properties.
  const isPage = parent?.type === 'atrule';
  declaration.value = `${value}, ${isPage ? FALLBACK : 'var(--rk-fallback)'}`;
}

const NATIVE_COUNTERS = new Set(['page', 'pages', 'list-item', 'none', 'inherit', 'initial', 'unset']);

function noteCounters(declaration: Declaration, names: Set<string>, selectors: Set<string>): void {
  const own = declaration.value.split(/\s+/).filter(word => /^[a-z_-]/i.test(word) && !word.startsWith('!'));
  const counted = own.filter(name => !NATIVE_COUNTERS.has(name));
  if (counted.length === 0) return;
  for (const name of counted) names.add(name);
  for (const selector of list.comma(selectorOf(declaration)))
    selectors.add(selector.replace(PSEUDO, '').trim() || '*');
}

function rewriteDeclaration(declaration: Declaration, work: Work): void {
  const { prop, value } = declaration;
  const selector = selectorOf(declaration);
  if (prop === 'font-family' || prop === 'font') addFallback(declaration);
  else if (prop === 'content' && /\b(target-counters?|target-text|leader)\s*\(/i.test(value))
    rewriteContent(declaration, work);
  else if (prop === 'position' && /^running\(/i.test(value)) {
    work.running.push({ selector, name: value.replace(/^running\(\s*|\s*\)\s*$/gi, '') });
    declaration.remove();
  } else if (prop === 'string-set') {
    for (const set of parseStringSet(value)) work.strings.push({ selector, ...set });
    declaration.remove();
  } else if (prop === 'page' && selector !== '' && value !== 'auto')
    work.named.push({ selector, name: value });
  else if (prop === 'float' && value === 'footnote') {
    work.footnotes.push(selector);
    declaration.remove();
  }
}

/** Finds the style sheets that `@import` names among the job's own; anything else is left to fail and be reported. */
export type StyleSource = (url: string) => string | undefined;

function inlineImports(root: Root, source: StyleSource, depth: number, read: (css: string) => Root): void {
  root.walkAtRules('import', rule => {
    const [first] = parseValue(rule.params).nodes;
    const url = first?.type === 'function' ? (first.nodes[0]?.value ?? '') : (first?.value ?? '');
    const css = depth < 10 ? source(url) : undefined;
    if (css === undefined) return;
    const imported = read(css);
    inlineImports(imported, source, depth + 1, read);
    rule.replaceWith(imported.nodes);
  });
}

function parseStyle(css: string, messages: Message[]): Root {
  try {
    return parse(css);
  } catch (error) {
    const { reason, line, column } = error as { reason?: string; line?: number; column?: number };
    messages.push({
      level: 'error',
      code: 'style-invalid',
      text: `style.css, line ${line ?? 0}: ${reason ?? 'cannot be read'}.`,
      location: { file: 'style.css', line: line ?? 0, column: column ?? 0 },
    });
    return emptyRoot();
  }
}

/** Rewrites what Chromium does not know (running elements, `string-set`, leaders, `target-counter`, footnotes). */
export function rewriteStyle(css: string, source: StyleSource = () => undefined): PagedStyle {
  const work: Work = {
    running: [],
    strings: [],
    named: [],
    leaders: [],
    targetCounters: [],
    hasTargetText: false,
    pageReferences: [],
    footnotes: [],
    messages: [],
  };
  const root = parseStyle(css, work.messages);
  inlineImports(root, source, 0, text => parseStyle(text, work.messages));
  root.walkDecls(declaration => rewriteDeclaration(declaration, work));
  reportSides(root, work.messages);
  const names = new Set<string>();
  const selectors = new Set<string>();
  root.walkDecls(/^counter-(reset|increment|set)$/, declaration => {
    if (selectorOf(declaration) !== '') noteCounters(declaration, names, selectors);
  });
  const pages: AtRule[] = [];
  root.walkAtRules('page', rule => {
    pages.push(rule);
  });
  const isFree = !dependsOnPages(root);
  for (const rule of pages) {
    reportPage(rule, work.messages);
    rule.remove();
  }
  const native = readPages(pages, 'all');
  return {
    ...work,
    ...native,
    counters: { names: [...names], selectors: [...selectors] },
    parts: readPages(pages, 'own'),
    free: isFree ? readPages(pages, 'none') : null,
    css: root.toString(),
  };
}

const SIZES =
  /^(?:auto|portrait|landscape|a[345]|b[45]|jis-b[45]|letter|legal|ledger|[\d.]+[a-z]*|(?:var|calc)\(.*|inherit|initial|unset)$/i;

/** What CSS or Chromium does not know of a page: other names of sizes, and backgrounds that are no colour. */
function reportPage(rule: AtRule, messages: Message[]): void {
  const warn = (code: string, line: number, text: string): void => {
    messages.push({
      level: 'warning',
      code,
      text: `style.css, line ${line}: ${text}`,
      location: { file: 'style.css', line },
    });
  };
  for (const node of rule.nodes ?? []) {
    if (node.type !== 'decl') continue;
    const line = node.source?.start?.line ?? 0;
    const unknown =
      node.prop === 'size' &&
      node.value
        .trim()
        .split(/\s+/)
        .find(word => !SIZES.test(word));
    if (unknown)
      warn(
        'page-size-unknown',
        line,
        `CSS has no paper size “${unknown.slice(0, 40)}”, so the page has the default size: give its width and height, such as 105mm 148mm.`,
      );
    if (/^background(?:-image)?$/.test(node.prop) && /gradient\(|url\(|image/i.test(node.value))
      warn(
        'page-background',
        line,
        'Chromium prints the colour of a page’s background and no picture or gradient: give them to an element that fills a page without margins.',
      );
  }
}

/** Chromium goes on with the next page, whichever side it is. */
function reportSides(root: Root, messages: Message[]): void {
  root.walkDecls(/^(?:page-)?break-(?:before|after)$/, ({ value, source }) => {
    const side = /\b(?:left|right|recto|verso)\b/i.exec(value)?.[0];
    if (side === undefined) return;
    const line = source?.start?.line ?? 0;
    messages.push({
      level: 'warning',
      code: 'break-side',
      text: `style.css, line ${line}: Chromium begins the next page, be it left or right, and inserts no blank one: write “page” for ${side}, or print with WeasyPrint.`,
      location: { file: 'style.css', line },
    });
  });
}

/** Whether a page's number or side decides over more than what is written in its margins. */
function dependsOnPages(root: Root): boolean {
  let isFound = false;
  root.walkAtRules('page', rule => {
    isFound ||= /:(left|right|blank)\b/i.test(rule.params);
  });
  root.walkDecls(
    /^(counter-(reset|increment|set)|(page-)?break-(before|after))$/,
    ({ prop, value, parent }) => {
      const isCounter = prop.startsWith('counter-');
      const isPage = parent?.type === 'atrule' && (parent as AtRule).name === 'page';
      isFound ||= isCounter
        ? isPage || /\bpages?\b/.test(value)
        : /\b(left|right|recto|verso)\b/i.test(value);
    },
  );
  return isFound;
}

function readPages(pages: readonly AtRule[], known: KnownPages): PagedStyle['parts'] {
  const own = pages.map(rule => rule.clone());
  const rules = own.flatMap(rule => takePageRules(rule, known));
  return { rules, pageCss: own.map(rule => `${rule.toString()}\n`).join('') };
}

/** Width in pixels of the default page's content: the width that the page is laid out in before printing. */
export function contentWidth(rules: readonly PageRule[]): number {
  const own = rules.filter(rule => rule.name === '' && rule.pseudo === '');
  const size = own.findLast(rule => rule.size)?.size ?? DEFAULT_SIZE;
  const margin = own.findLast(rule => rule.margin)?.margin ?? [38, 38, 38, 38];
  return Math.max(100, size.width - margin[1] - margin[3]);
}
