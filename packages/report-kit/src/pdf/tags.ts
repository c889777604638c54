import { deflateSync, inflateSync } from 'node:zlib';
import { markPage } from './artifacts.ts';
import { kidsOf, numberOf, roleOf, withKids } from './elements.ts';
import { mendList } from './list-tags.ts';
import { pdfText } from './metadata.ts';
import { mendOutlineTitle } from './outline-titles.ts';
import type { PdfSource } from './source.ts';
import { mendTable } from './table-tags.ts';
import { Turn } from './turn.ts';

/** What breaks PDF/UA-1 and cannot be mended: a picture without words, a link outside the text, a character without glyph, a level left out. */
export type TagFault = 'figure' | 'link' | 'glyph' | 'heading';

/** What the page knows of the tags of its document; see `kit.prepareTags`. */
export interface TagHints {
  /** Id of a target → what links to it are called. */
  readonly targets: ReadonlyMap<string, string>;
  /** Words of headings by what the outline may call them. */
  readonly titles: ReadonlyMap<string, string>;
  /** Filled with what was found in any part. */
  readonly faults: Set<TagFault>;
}

/** Chromium's names for what PDF 1.7 knows under another, or not at all. */
const ROLES: Readonly<Record<string, string>> = {
  Strong: 'Span',
  Em: 'Span',
  Sub: 'Span',
  Aside: 'Div',
  Title: 'P',
  FENote: 'Note',
  DocumentFragment: 'Div',
};

/** Entry of the structure root that says what Chromium's own names stand for. */
export const ROLE_MAP = `/RoleMap <<${Object.entries(ROLES)
  .map(([role, standard]) => `/${role} /${standard}`)
  .join(' ')}>>`;

class TagMender {
  readonly #source: PdfSource;
  readonly #turn: Turn;
  readonly #faults: Set<TagFault>;
  readonly #titles: ReadonlyMap<string, string>;
  /** List → its item as it was → the item that is there now. */
  readonly #moved = new Map<number, Map<string, string>>();

  constructor(source: PdfSource, { faults, titles }: TagHints, turn: Turn) {
    this.#source = source;
    this.#turn = turn;
    this.#faults = faults;
    this.#titles = titles;
  }

  #read(number: number): string {
    return number === 0 ? '' : this.#source.read(number).text;
  }

  /**
   * A list item may hold a label and a body only. The item becomes the body, so that the index of its content stays right,
   * and gets a new item around it.
   */
  #mendItem(number: number, text: string): void {
    const kids = kidsOf(text);
    const roles = kids.map(kid => roleOf(this.#read(numberOf(kid))));
    const parent = Number(/\/P (\d+) 0 R/.exec(text)?.[1] ?? 0);
    if (roleOf(this.#read(parent)) !== 'L') {
      this.#source.change(number, { text: text.replace('/S /LI', '/S /Div') });
      return;
    }
    if (roles.every(role => role === 'Lbl' || role === 'LBody')) return;
    const labels = kids.filter((_, index) => roles[index] === 'Lbl');
    const item = this.#source.add({
      text: `<</Type /StructElem\n/S /LI\n/P ${parent} 0 R\n/K [${[...labels, `${number} 0 R`].join(' ')}]>>`,
    });
    for (const label of labels)
      this.#source.change(numberOf(label), {
        text: this.#read(numberOf(label)).replace(/\/P \d+ 0 R/, `/P ${item} 0 R`),
      });
    const body = withKids(
      text,
      kids.filter(kid => !labels.includes(kid)),
    );
    this.#source.change(number, {
      text: body.replace('/S /LI', '/S /LBody').replace(/\/P \d+ 0 R/, `/P ${item} 0 R`),
    });
    const moved = this.#moved.get(parent) ?? new Map<string, string>();
    this.#moved.set(parent, moved.set(`${number} 0 R`, `${item} 0 R`));
  }

  /** Puts the new items into their lists: once for a list, since it may have thousands. */
  #moveItems(): void {
    for (const [parent, moved] of this.#moved) {
      const list = this.#read(parent);
      const kids = kidsOf(list).map(kid => moved.get(kid) ?? kid);
      this.#source.change(parent, { text: withKids(list, kids) });
    }
  }

  /** A frame around a picture, table or listing is no picture of its own: its content says what it is. */
  #mendFigure(number: number, text: string): void {
    if (/\/Alt[ (<]/.test(text)) return;
    const isFrame = kidsOf(text).every(kid => numberOf(kid) > 0);
    if (!isFrame) this.#faults.add('figure');
    else this.#source.change(number, { text: text.replace('/S /Figure', '/S /Div') });
  }

  async mendObjects(): Promise<void> {
    const found: number[] = [];
    const lists: number[] = [];
    const fonts = new Set<number>();
    let level: number | undefined;
    for (const number of this.#source.numbers()) {
      if (this.#turn.isOver) await this.#turn.next();
      const text = this.#read(number);
      if (text.startsWith('<</Title ') && text.includes('\n/Dest '))
        mendOutlineTitle(this.#source, number, this.#titles);
      const role = /^<<\/Type \/StructElem\n\/S \/(LI?|Table|Figure|H[1-6])\b/.exec(text)?.[1];
      if (role === 'L') lists.push(number);
      else if (role?.startsWith('H')) {
        const next = Number(role[1]);
        if (level !== undefined && next > level + 1) this.#faults.add('heading');
        level = next;
      } else if (role !== undefined) found.push(number);
      if (!text.startsWith('<</Type /Font\n')) continue;
      const map = /\/ToUnicode (\d+) 0 R/.exec(text)?.[1];
      if (map !== undefined) fonts.add(Number(map));
    }
    for (const number of found) {
      if (this.#turn.isOver) await this.#turn.next();
      const text = this.#read(number);
      const role = roleOf(text);
      if (role === 'LI') this.#mendItem(number, text);
      else if (role === 'Table') mendTable(this.#source, text);
      else this.#mendFigure(number, text);
    }
    this.#moveItems();
    for (const number of lists) mendList(this.#source, number);
    for (const number of fonts) this.#mendCharacters(number);
  }

  /** Pieces of signs that grow are no characters: they are read as spaces, since a glyph may not stand for nothing. */
  #mendCharacters(number: number): void {
    const { text, stream } = this.#source.read(number);
    if (!stream) return;
    const isPacked = text.includes('/FlateDecode');
    const map = (isPacked ? inflateSync(stream) : Buffer.from(stream)).toString('latin1');
    const mended = map.replaceAll(/(<[0-9A-Fa-f]+> )<0000>/g, '$1<0020>');
    if (mended === map) return;
    const bytes = Buffer.from(mended, 'latin1');
    const packed = isPacked ? deflateSync(bytes) : bytes;
    this.#source.change(number, {
      text: text.replace(/\/Length \d+/, `/Length ${packed.length}`),
      stream: packed,
    });
  }

  /** Says in words where each link leads. */
  mendLinks(page: string, { targets }: TagHints): void {
    const list = /\/Annots (\[[^\]]*\]|\d+ 0 R)/.exec(page)?.[1] ?? '';
    const numbers = list.startsWith('[') ? list : this.#read(numberOf(list));
    for (const match of numbers.matchAll(/(\d+) 0 R/g)) {
      const number = Number(match[1]);
      const text = this.#read(number);
      if (!text.includes('/Subtype /Link')) continue;
      if (!text.includes('/StructParent ')) this.#faults.add('link');
      if (/\/Contents[ (<]/.test(text)) continue;
      const target = /\/Dest \/([^\s/[\]<>()]+)/.exec(text)?.[1];
      const address = /\/URI (\((?:\\[^]|[^\\)])*\)|<[0-9A-Fa-f\s]*>)/.exec(text)?.[1];
      const id = target?.replaceAll(/#([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      );
      const words = address ?? pdfText((id === undefined ? undefined : targets.get(id)) ?? id ?? 'Link');
      this.#source.change(number, { text: text.replace('/Type /Annot', `/Type /Annot\n/Contents ${words}`) });
    }
  }
}

/**
 * Brings what Chromium tagged to PDF/UA-1 (ISO 14289-1): list items with bodies, whole table rows, links in words, artifacts
 * marked, names mapped. Works on one printed part, in place.
 */
export async function mendTags(source: PdfSource, hints: TagHints, turn = new Turn()): Promise<void> {
  const structure = Number(/\/StructTreeRoot (\d+) 0 R/.exec(source.read(source.root).text)?.[1] ?? 0);
  if (structure === 0) return;
  const mender = new TagMender(source, hints, turn);
  await mender.mendObjects();
  for (const number of source.pages()) {
    if (turn.isOver) await turn.next();
    const { text } = source.read(number);
    mender.mendLinks(text, hints);
    if (markPage(source, text)) hints.faults.add('glyph');
  }
  const { text } = source.read(structure);
  source.change(structure, {
    text: text.replace('/Type /StructTreeRoot', `/Type /StructTreeRoot\n${ROLE_MAP}`),
  });
}
