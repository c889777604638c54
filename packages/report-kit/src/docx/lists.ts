import { AlignmentType, LevelFormat } from 'docx';
import type { ILevelsOptions, INumberingOptions, NumberingDefinition } from 'docx';
import type { DocxContext } from './context.ts';

const BULLETS = ['•', '–', '▪'];
const FORMATS = [LevelFormat.DECIMAL, LevelFormat.LOWER_LETTER, LevelFormat.LOWER_ROMAN] as const;
const MAX_LEVEL = 8;
const MAX_START = 32_767;

/** Where a paragraph stands in a list. */
export interface ListPlace {
  readonly reference: string | NumberingDefinition;
  readonly level: number;
  readonly instance: number;
}

function levels(isNumbered: boolean, start?: number): ILevelsOptions[] {
  return Array.from({ length: MAX_LEVEL + 1 }, (_, level) => ({
    level,
    format: isNumbered ? (FORMATS[level % FORMATS.length] ?? LevelFormat.DECIMAL) : LevelFormat.BULLET,
    text: isNumbered ? `%${level + 1}.` : (BULLETS[level % BULLETS.length] ?? '•'),
    alignment: AlignmentType.LEFT,
    ...(start === undefined ? {} : { start }),
    style: { paragraph: { indent: { left: 360 * (level + 1), hanging: 300 } } },
  }));
}

const NUMBERS = 'report-numbers';
const BULLETED = 'report-bullets';

/** The numbering of a document's lists. */
export const NUMBERING: INumberingOptions = {
  config: [
    { reference: BULLETED, levels: levels(false) },
    { reference: NUMBERS, levels: levels(true) },
  ],
};

/** The place of the items of a list: all lists of bullets are one, and each numbered list counts by itself from `start`. */
export function listNumbering(context: DocxContext, depth: number, start?: number): ListPlace {
  const level = Math.min(depth, MAX_LEVEL);
  if (start === undefined) return { reference: BULLETED, level, instance: 0 };
  context.lists += 1;
  const isUsual = !Number.isInteger(start) || start === 1 || start < 0 || start > MAX_START;
  return {
    reference: isUsual ? NUMBERS : { reference: `${NUMBERS}-from-${start}`, levels: levels(true, start) },
    level,
    instance: context.lists,
  };
}
