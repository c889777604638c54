import { parse, postprocess, preprocess } from 'micromark';
import type { Event } from 'micromark-util-types';
import { syntaxFor } from './parse.ts';

/** The parser's events for a text: the same grammar as the tree, with every mark at its place. */
export function parseEvents(text: string): Event[] {
  return postprocess(
    parse({ extensions: syntaxFor(text) })
      .document()
      .write(preprocess()(text, undefined, true)),
  );
}

/** Where an event lies, as UTF-16 offsets. */
export function rangeOf([, token]: Event): { from: number; to: number } {
  return { from: token.start.offset, to: token.end.offset };
}
