import { z } from 'zod';
import type { TagFault } from '../pdf/tags.ts';
import { placeOf } from './located.ts';
import type { PageSession } from './page-session.ts';

const obstacles = z.array(z.string().max(500)).max(20);

const WORDS: Readonly<Record<TagFault, string>> = {
  figure: 'drawings without words (give them an aria-label)',
  link: 'links in drawings, which are not read out (put them into the text)',
  glyph: 'characters that no font has',
  heading: 'headings that leave out a level',
};

/** Names the characters that were printed as empty boxes, and where the first of them stands. */
async function reportGlyphs(session: PageSession, data: unknown): Promise<void> {
  const rare = z
    .string()
    .max(100)
    .parse(await session.call('rareCharacters', null));
  const [first] = rare;
  const place = first === undefined ? null : placeOf(data, first);
  const which = rare === '' ? 'Some characters' : `Characters (${[...rare].join(' ')})`;
  session.messages.push({
    level: 'warning',
    code: 'glyph-missing',
    text: `${place ? `${place.path}, line ${place.line}: ` : ''}${which} are in no font and are printed as boxes: add a font that has them to the design's assets, with @font-face.`,
    ...(place ? { location: place } : {}),
  });
}

/** Whether the document may say that it is PDF/UA-1: only when nothing that can be seen speaks against it. Says what does. */
export async function isAccessible(
  session: PageSession,
  faults: ReadonlySet<TagFault>,
  data: unknown,
): Promise<boolean> {
  if (faults.has('glyph')) await reportGlyphs(session, data);
  const named = obstacles.parse(await session.call('obstacles', null));
  const reasons = [...named, ...[...faults].map(fault => WORDS[fault])];
  if (reasons.length === 0) return true;
  session.messages.push({
    level: 'info',
    code: 'pdf-ua-unclaimed',
    text: `The PDF is tagged, but does not say that it is accessible (PDF/UA-1), because it has ${reasons.join(' · ')}.`,
  });
  return false;
}
