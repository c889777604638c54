import type { Element, Root, RootContent, ElementContent } from 'hast';
import { hasClass, idOf, plainText, readMarkdown } from '../markdown/index.ts';
import type { VariableResolver } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import type { Chapter, OutlineBlock, OutlineLabels, ReportOutline } from './outline.ts';

const isCaption = (node: ElementContent): boolean =>
  node.type === 'element' && (node.tagName === 'figcaption' || node.tagName === 'caption');

/** What a reference is called; `isWhole` says that the text of what it leads to is just that. */
export interface Named {
  readonly text: string;
  readonly isWhole: boolean;
}

/** What references are called: chapters and headings by their title, figures, listings and tables by their number. */
export function collectNames(
  outline: ReportOutline,
  trees: ReadonlyMap<OutlineBlock, Root>,
  labels: OutlineLabels,
): Map<string, Named> {
  const names = new Map<string, Named>();
  const counts = new Map<string, number>();
  const number = (word: string): string => {
    const count = (counts.get(word) ?? 0) + 1;
    counts.set(word, count);
    return `${word} ${count}`;
  };
  const nameOf = (element: Element, hasId: boolean): Named => {
    const hasCaption = element.children.some(isCaption);
    if (element.tagName === 'table' && hasCaption) return { text: number(labels.table), isWhole: true };
    if (element.tagName === 'figure' && hasCaption)
      return { text: number(hasClass(element, 'listing') ? labels.listing : labels.figure), isWhole: true };
    const text = hasId ? plainText(element.children).trim() : '';
    return { text: text.slice(0, 200), isWhole: /^h[1-6]$/.test(element.tagName) && text.length <= 200 };
  };
  const visit = (nodes: readonly (RootContent | ElementContent)[]): void => {
    for (const node of nodes) {
      if (node.type !== 'element') continue;
      const id = idOf(node);
      const name = nameOf(node, id !== undefined);
      if (id !== undefined && !names.has(id))
        names.set(id, name.text === '' ? { text: id, isWhole: false } : name);
      visit(node.children);
    }
  };
  const visitChapter = (chapter: Chapter): void => {
    if (chapter.id !== undefined) names.set(chapter.id, { text: chapter.title, isWhole: true });
    for (const block of chapter.blocks) {
      if (block.kind === 'table' && block.caption !== undefined) number(labels.table);
      if (block.kind === 'chart') number(labels.figure);
      visit(trees.get(block)?.children ?? []);
    }
    chapter.chapters.forEach(visitChapter);
  };
  outline.chapters.forEach(visitChapter);
  return names;
}

/** Reads all Markdown of a report once; pictures, names and pages are all taken from these trees. */
export function readTrees(
  outline: ReportOutline,
  resolveVariable: VariableResolver | undefined,
  messages: Message[],
): Map<OutlineBlock, Root> {
  const trees = new Map<OutlineBlock, Root>();
  const visit = (chapter: Chapter, above: readonly string[]): void => {
    const place = [...above, chapter.title];
    for (const block of chapter.blocks) {
      if (block.kind !== 'markdown') continue;
      const read = readMarkdown(block.text, resolveVariable ? { resolveVariable } : {});
      trees.set(block, read.tree);
      const path = [...place, ...(block.label === undefined ? [] : [block.label])].join(' › ');
      for (const message of read.messages)
        messages.push({ ...message, location: { ...message.location, path } });
    }
    for (const inner of chapter.chapters) visit(inner, place);
  };
  for (const chapter of outline.chapters) visit(chapter, []);
  return trees;
}
