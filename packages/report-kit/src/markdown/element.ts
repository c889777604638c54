import type { Element, ElementContent, RootContent } from 'hast';

/** The text of some nodes without any form. */
export function plainText(nodes: readonly (RootContent | ElementContent)[]): string {
  return nodes
    .map(node => {
      if (node.type === 'text') return node.value;
      return node.type === 'element' && node.tagName !== 'footnote' ? plainText(node.children) : '';
    })
    .join('');
}

/** The id of an element. */
export const idOf = ({ properties }: Element): string | undefined =>
  typeof properties.id === 'string' ? properties.id : undefined;

/** Whether an element has a class. */
export const hasClass = ({ properties }: Element, name: string): boolean =>
  Array.isArray(properties.className) && properties.className.includes(name);
