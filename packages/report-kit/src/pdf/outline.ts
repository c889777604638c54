import type { PdfSource } from './source.ts';
import type { JoinedPdf } from './joined.ts';

/** One entry of the outline; title and target as they are written in the file. */
export interface OutlineItem {
  readonly title: string;
  readonly target: string;
  readonly level: number;
}

/**
 * The outline that Chromium wrote, in reading order. A level is that of the heading which the entry names: how deep an entry
 * lies says less, since a part may begin below its chapter's heading.
 */
export function outlineItems(source: PdfSource, root: number): OutlineItem[] {
  const items: OutlineItem[] = [];
  const reference = (text: string, key: string): number =>
    Number(new RegExp(`/${key} (\\d+) 0 R`).exec(text)?.[1] ?? 0);
  const visit = (first: number, depth: number): void => {
    for (let number = first; number > 0;) {
      const { text } = source.read(number);
      const title = /\/Title (\((?:\\[^]|[^\\)])*\)|<[0-9A-Fa-f\s]*>)/.exec(text)?.[1] ?? '()';
      const heading = /\/S \/H([1-6])\b/.exec(source.read(reference(text, 'SE')).text)?.[1];
      items.push({
        title,
        target: /\/Dest (\[[^\]]*\])/.exec(text)?.[1] ?? '[]',
        level: heading === undefined ? depth : Number(heading),
      });
      if (depth < 10) visit(reference(text, 'First'), depth + 1);
      number = reference(text, 'Next');
    }
  };
  visit(reference(source.read(root).text, 'First'), 1);
  return items;
}

interface Node {
  readonly item: OutlineItem;
  readonly number: number;
  readonly children: Node[];
}

const linked = (nodes: readonly Node[]): string =>
  nodes.length === 0 ? '' : `\n/First ${nodes[0]?.number} 0 R\n/Last ${nodes.at(-1)?.number} 0 R`;

/** All entries below, since all are shown open. */
const countOf = (nodes: readonly Node[]): number =>
  nodes.reduce((sum, node) => sum + 1 + countOf(node.children), 0);

function writeNodes(nodes: readonly Node[], parent: number, body: JoinedPdf): void {
  for (const [index, { item, number, children }] of nodes.entries()) {
    const previous = nodes[index - 1];
    const next = nodes[index + 1];
    const count = children.length === 0 ? '' : `\n/Count ${countOf(children)}`;
    const text = `<</Title ${item.title}\n/Dest ${item.target}\n/Parent ${parent} 0 R${previous ? `\n/Prev ${previous.number} 0 R` : ''}${next ? `\n/Next ${next.number} 0 R` : ''}${linked(children)}${count}>>`;
    body.put(number, { text });
    writeNodes(children, number, body);
  }
}

/** Writes the outline and returns its number; undefined when it is empty. A level that is skipped nests in the one above it. */
export function writeOutline(items: readonly OutlineItem[], body: JoinedPdf): number | undefined {
  if (items.length === 0) return undefined;
  const top: Node[] = [];
  const open: Node[] = [];
  for (const item of items) {
    while (open.length > 0 && (open.at(-1)?.item.level ?? 0) >= item.level) open.pop();
    const node: Node = { item, number: body.allocate(), children: [] };
    (open.at(-1)?.children ?? top).push(node);
    open.push(node);
  }
  const root = body.allocate();
  writeNodes(top, root, body);
  body.put(root, { text: `<</Type /Outlines${linked(top)}\n/Count ${countOf(top)}>>` });
  return root;
}
