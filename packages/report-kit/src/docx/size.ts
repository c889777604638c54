import type { Chapter, OutlineBlock, ReportOutline } from '../outline/index.ts';

/** Characters of prose, and of a cell, that take about as long to lay out as an empty cell. */
const IN_PROSE = 80;
const IN_CELL = 15;

const cellSize = (text: string): number => 1 + text.length / IN_CELL;

function blockSize(block: OutlineBlock): number {
  switch (block.kind) {
    case 'markdown':
      return 1 + block.text.length / IN_PROSE;
    case 'facts':
      return block.facts.reduce((sum, { value }) => sum + 1 + cellSize(value), 0);
    case 'list':
      return block.items.length;
    case 'table':
      return block.rows.flat().reduce((sum, { text }) => sum + cellSize(text), 0);
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
