import { TextRun } from 'docx';
import type { IRunOptions } from 'docx';

/** How a run of text looks. */
export type Marks = { -readonly [Key in keyof IRunOptions]: IRunOptions[Key] };

/** XML cannot hold these characters at all. */
export const cleanText = (text: string): string =>
  text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');

const RIGHT = '\\p{sc=Hebrew}\\p{sc=Arabic}\\p{sc=Syriac}\\p{sc=Thaana}\\p{sc=Nko}';
/** Words from right to left, with what stands between them. */
const RIGHT_TO_LEFT = new RegExp(`([${RIGHT}]+(?:[^\\p{L}\\p{N}]+[${RIGHT}]+)*)`, 'u');
const FIRST_IS_RIGHT = new RegExp(`^[^\\p{L}]*[${RIGHT}]`, 'u');

/** Whether a paragraph of this text runs from right to left: its first letter says so. */
export const isRightToLeft = (text: string): boolean => FIRST_IS_RIGHT.test(text);

/** Text as runs; words from right to left get runs of their own, since Word orders them only where it is told to. */
export function textRuns(text: string, marks: Marks = {}): TextRun[] {
  return cleanText(text)
    .split(RIGHT_TO_LEFT)
    .flatMap((part, index) =>
      part === ''
        ? []
        : [new TextRun({ ...marks, text: part, ...(index % 2 === 1 ? { rightToLeft: true } : {}) })],
    );
}
