import type { FileGroup } from './format.ts';

/** A text with the forms undone in which HTML, Markdown and addresses write a character; `ends` says where each was in the text. */
interface Decoded {
  readonly text: string;
  readonly ends: readonly number[];
}

/** Longer than the longest name with each of its bytes written as `%XX`. */
const MAX_WRITTEN = 3000;
const START = /\/(assets|images|files)\/name\//g;
const WRITTEN = /(?:%[0-9a-f]{2})+|\\[!-/:-@[-`{-~]|&(?:amp|lt|gt|quot|#39|#x27);/gi;
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
};

function plainOf(written: string): string {
  if (written.startsWith('\\')) return written.slice(1);
  if (written.startsWith('&')) return ENTITIES[written.toLowerCase()] ?? written;
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/** The characters that `%XX` stand for, one by one; a byte that is none stays as it is written. */
function charactersOf(written: string): { plain: string; length: number }[] {
  if (!written.startsWith('%')) return [{ plain: plainOf(written), length: written.length }];
  const characters: { plain: string; length: number }[] = [];
  for (let at = 0; at < written.length;) {
    const first = Number.parseInt(written.slice(at + 1, at + 3), 16);
    const bytes = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const part = written.slice(at, at + bytes * 3);
    characters.push({ plain: plainOf(part), length: part.length });
    at += part.length;
  }
  return characters;
}

function decode(text: string): Decoded {
  let plain = '';
  const ends: number[] = [];
  let at = 0;
  const add = (piece: string, end: number): void => {
    plain += piece;
    for (let unit = 0; unit < piece.length; unit += 1) ends.push(end);
  };
  for (const { index, 0: written } of text.matchAll(WRITTEN)) {
    for (; at < index; at += 1) add(text.charAt(at), at + 1);
    for (const { plain: piece, length } of charactersOf(written)) {
      at += length;
      add(piece, at);
    }
  }
  for (; at < text.length; at += 1) add(text.charAt(at), at + 1);
  return { text: plain, ends };
}

/** A name as an address: brackets would end a link of Markdown. */
const asAddress = (name: string): string =>
  encodeURIComponent(name).replaceAll(
    /[()'*!]/g,
    sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Whether a name may end here: `a.png` is not meant by `a.png.bak`, and is by `a.png.` at the end of a sentence. */
const endsName = (rest: string): boolean => !/^(?:[\p{L}\p{N}_%-]|\.[\p{L}\p{N}])/u.test(rest);

/**
 * Rewrites what a text says of files. `names` has `<kind>/<name>` with the new name; a name may be written as it is, with `%XX`,
 * with Markdown's backslashes or HTML's references. What names no known file stays.
 */
export function rewriteAddresses(text: string, names: ReadonlyMap<string, string>): string {
  const lengths = new Map<FileGroup['kind'], number[]>();
  const lengthsOf = (kind: FileGroup['kind']): number[] => {
    const known =
      lengths.get(kind) ??
      [
        ...new Set(
          [...names.keys()]
            .filter(key => key.startsWith(`${kind}/`))
            .map(key => key.length - kind.length - 1),
        ),
      ].sort((a, b) => b - a);
    lengths.set(kind, known);
    return known;
  };
  let result = '';
  let at = 0;
  for (const match of text.matchAll(START)) {
    if (match.index < at) continue;
    const kind = match[1] as FileGroup['kind'];
    const from = match.index + match[0].length;
    const { text: rest, ends } = decode(text.slice(from, from + MAX_WRITTEN).split('\n', 1)[0] ?? '');
    for (const length of lengthsOf(kind)) {
      const next = length <= rest.length ? names.get(`${kind}/${rest.slice(0, length)}`) : undefined;
      if (next === undefined || !endsName(rest.slice(length, length + 3))) continue;
      result += `${text.slice(at, from)}${asAddress(next)}`;
      at = from + (ends[length - 1] ?? 0);
      break;
    }
  }
  return result + text.slice(at);
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* textsIn(inner);
}

/** Answers whether data names a file, in whatever way its texts write the name; better one file too many than one too few. */
export function namesInTexts(data: unknown): (name: string) => boolean {
  const written = [...textsIn(data)].filter(text => text.includes('/')).join('\n');
  const plain = written.replaceAll(WRITTEN, plainOf);
  return name => written.includes(`/${name}`) || plain.includes(`/${name}`);
}
