import type { Root } from 'hast';

/** Lines that begin with a letter and hold nothing that could be a mark, in paragraphs. */
const LINE = String.raw`\p{L}(?:[\p{L}\p{N},;:.?!'"“”‘’()%/=@+–—…-]| (?=[^ \n]))*`;
const PROSE = new RegExp(String.raw`^${LINE}(?:\n{1,9}${LINE})*\n{0,9}$`, 'u');
const TODO = /TODO|ToDo|To-Do|TO-DO/;
const MAX_LENGTH = 20_000;

/** The tree of a text without any marks, which most short texts are; undefined for any other. A parser would give the same. */
export function readProse(text: string): Root | undefined {
  if (text.length > MAX_LENGTH || TODO.test(text) || !PROSE.test(text)) return undefined;
  const paragraphs = text.trimEnd().split(/\n{2,}/);
  return {
    type: 'root',
    children: paragraphs.flatMap((paragraph, index) => [
      ...(index === 0 ? [] : [{ type: 'text' as const, value: '\n' }]),
      {
        type: 'element' as const,
        tagName: 'p',
        properties: {},
        children: [{ type: 'text' as const, value: paragraph }],
      },
    ]),
  };
}
