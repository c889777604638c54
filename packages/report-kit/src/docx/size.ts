import type { Chapter, OutlineBlock, ReportOutline } from '../outline/index.ts';

/** Characters of prose that take about as long to lay out as a cell of a table. */
const CHARACTERS = 80;

function blockSize(block: OutlineBlock): number {
  switch (block.kind) {
    case 'markdown':
      return 1 + block.text.length / CHARACTERS;
    case 'facts':
      return 2 * block.facts.length;
    case 'list':
      return block.items.length;
    case 'table':
      return block.rows.length * block.columns.length;
    case 'chart':
      return block.items.length;
  }
}

function chapterSize({ blocks, chapters }: Chapter): number {
  const own = blocks.reduce((sum, block) => sum + 1 + blockSize(block), 1);
  return chapters.reduce((sum, chapter) => sum + chapterSize(chapter), own);
}

/** About how many lines and cells a report has. */
export const outlineSize = ({ chapters }: ReportOutline): number =>
  chapters.reduce((sum, chapter) => sum + chapterSize(chapter), 0);
