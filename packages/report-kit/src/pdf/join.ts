import { createHash } from 'node:crypto';
import { mapReferences } from './body.ts';
import type { PdfObject } from './body.ts';
import { JoinedPdf } from './joined.ts';
import { outlineItems, writeOutline } from './outline.ts';
import type { OutlineItem } from './outline.ts';
import { PdfSource } from './source.ts';
import { mendTags, ROLE_MAP } from './tags.ts';
import type { TagHints } from './tags.ts';
import { Turn } from './turn.ts';

/** One printed part, and the pages to leave out at its beginning. */
export interface PdfPart {
  readonly bytes: Uint8Array;
  readonly leadPages: number;
}

/** Entries of one leaf of a name or number tree. */
const TREE_LEAF = 500;
const PAGES_PER_NODE = 64;
/** Streams below this are not worth looking for twice. */
const SHARED_BYTES = 256;

const referenceAfter = (text: string, key: string): number | undefined => {
  const match = new RegExp(`/${key} (\\d+) 0 R`).exec(text)?.[1];
  return match === undefined ? undefined : Number(match);
};

/** One part while it is taken over, and what the joined document's trees need of it. */
interface Taken {
  readonly source: PdfSource;
  /** Old object number → new one. */
  readonly map: Map<number, number>;
  /** Objects that are not copied. */
  readonly left: Set<number>;
  /** Names of the structure elements that cells of tables name as their headings. */
  readonly headings: ReadonlySet<string>;
  readonly index: number;
}

function headingsIn(source: PdfSource, numbers: readonly number[]): Set<string> {
  const found = new Set<string>();
  for (const number of numbers) {
    const { text } = source.read(number);
    if (!text.includes('/Headers [')) continue;
    for (const list of text.matchAll(/\/Headers \[([^\]]*)\]/g))
      for (const id of list[1]?.match(/\(node\d{8}\)/g) ?? []) found.add(id);
  }
  return found;
}

/** A part's share in the document's trees, in reading order. */
class Share {
  readonly pages: number[] = [];
  readonly children: number[] = [];
  readonly outline: OutlineItem[] = [];
  readonly targets = new Map<string, string>();
}

/**
 * Joins parts that Chromium printed into one document with one page tree, structure tree, outline and set of link targets.
 * Streams that are the same in several parts are kept once; all other objects are compressed as each part is added.
 */
export class PdfJoin {
  readonly #body = new JoinedPdf();
  readonly #shared = new Map<string, number>();
  readonly #parts = new Map<number, Share>();
  readonly #ids: (readonly [string, number])[] = [];
  readonly #pageParents: (readonly [number, number])[] = [];
  readonly #linkParents: (readonly [number, number])[] = [];
  readonly #used = new Set<string>();
  #catalog = '';
  #info = '';
  #language = '';
  readonly #root: number;
  readonly #pageTree: number;
  readonly #structure: number;
  readonly #document: number;

  readonly #hints: TagHints;

  constructor(hints: TagHints = { targets: new Map(), titles: new Map(), faults: new Set() }) {
    this.#hints = hints;
    this.#root = this.#body.allocate();
    this.#pageTree = this.#body.allocate();
    this.#structure = this.#body.allocate();
    this.#document = this.#body.allocate();
  }

  /** Adds the part with that place in the document; parts may come in any order, but one must be added before the next. */
  async add(index: number, { bytes, leadPages }: PdfPart): Promise<void> {
    const turn = new Turn();
    const source = new PdfSource(bytes);
    await turn.next();
    await mendTags(source, this.#hints, turn);
    await turn.next();
    const numbers = [...source.numbers()];
    const headings = headingsIn(source, numbers);
    const part: Taken = { source, map: new Map(), left: new Set([source.root]), headings, index };
    const share = new Share();
    this.#parts.set(index, share);
    const catalog = source.read(source.root).text;
    if (this.#catalog === '') this.#catalog = catalog;
    if (source.info !== undefined) {
      part.left.add(source.info);
      this.#info = source.read(source.info).text;
    }
    const pages = source.pages();
    this.#leavePages(part, pages.slice(0, leadPages));
    this.#leaveTrees(part, catalog, numbers);
    await turn.next();
    this.#share(part, numbers);
    await turn.next();
    for (const number of numbers)
      if (!part.left.has(number) && !part.map.has(number)) part.map.set(number, this.#body.allocate());
    const keys = this.#addParents(part, catalog, share);
    const isPage = new Set(pages);
    for (const number of numbers) {
      if (turn.isOver) await turn.next();
      if (!part.left.has(number)) this.#copy(part, number, isPage.has(number), keys);
    }
    share.pages.push(...pages.slice(leadPages).map(number => this.#mapped(part, number)));
    this.#addTargets(part, catalog, share);
    this.#addOutline(part, catalog, share);
  }

  #mapped(part: Taken, number: number): number {
    return part.map.get(number) ?? 0;
  }

  #renumbered(part: Taken, text: string): string {
    return mapReferences(text, number => part.map.get(number));
  }

  #leavePages({ source, left }: Taken, pages: readonly number[]): void {
    for (const number of pages) {
      left.add(number);
      const { text } = source.read(number);
      const contents = referenceAfter(text, 'Contents');
      if (contents !== undefined) left.add(contents);
    }
  }

  /** The trees that are written anew: pages, structure root and its indexes, targets, outline. */
  #leaveTrees({ source, left, map }: Taken, catalog: string, numbers: readonly number[]): void {
    const structure = referenceAfter(catalog, 'StructTreeRoot');
    if (structure !== undefined) {
      const { text } = source.read(structure);
      map.set(structure, this.#structure);
      left.add(structure);
      const document = referenceAfter(text, 'K');
      if (document !== undefined) {
        map.set(document, this.#document);
        left.add(document);
      }
      for (const key of ['ParentTree', 'IDTree']) {
        const number = referenceAfter(text, key);
        if (number !== undefined) left.add(number);
      }
    }
    const targets = referenceAfter(catalog, 'Dests');
    if (targets !== undefined) left.add(targets);
    for (const number of numbers) {
      const { text } = source.read(number);
      if (/^<<\/(?:Type \/(?:Pages|Outlines|ParentTree)\b|(?:Limits|Kids) \[)/.test(text)) left.add(number);
      else if (text.startsWith('<</Title ') && text.includes('/SE ')) left.add(number);
      if (text.startsWith('<</Type /Pages')) map.set(number, this.#pageTree);
    }
  }

  /** Finds streams that an earlier part has brought already: first those that refer to nothing, then pictures that refer to those. */
  #share(part: Taken, numbers: readonly number[]): void {
    const { source, map, left } = part;
    for (const isPlain of [true, false]) {
      for (const number of numbers) {
        if (left.has(number) || map.has(number)) continue;
        const object = source.read(number);
        if (!object.stream || object.stream.length < SHARED_BYTES) continue;
        const hasReferences = / 0 R\b/.test(object.text);
        if (isPlain === hasReferences || (!isPlain && !object.text.includes('/Subtype /Image'))) continue;
        const text = this.#renumbered(part, object.text);
        const key = createHash('sha256').update(text, 'latin1').update(object.stream).digest('base64');
        const known = this.#shared.get(key);
        if (known === undefined) {
          const allocated = this.#body.allocate();
          map.set(number, allocated);
          this.#shared.set(key, allocated);
        } else {
          map.set(number, known);
          left.add(number);
        }
      }
    }
  }

  /** Takes over which structure element each page's and each link's content belongs to; returns old key → new key. */
  #addParents(part: Taken, catalog: string, share: Share): Map<number, number> {
    const keys = new Map<number, number>();
    const structure = referenceAfter(catalog, 'StructTreeRoot');
    if (structure === undefined) return keys;
    const { text } = part.source.read(structure);
    const document = referenceAfter(text, 'K');
    if (document !== undefined) {
      const element = part.source.read(document).text;
      this.#language ||= /\/Lang (\([^)]*\))/.exec(element)?.[1] ?? '';
      const children = /\/K (\[[^\]]*\]|\d+ 0 R)/.exec(element)?.[1] ?? '';
      for (const match of children.matchAll(/(\d+) 0 R/g)) {
        const child = part.map.get(Number(match[1]));
        if (child !== undefined) share.children.push(child);
      }
    }
    const tree = referenceAfter(text, 'ParentTree');
    if (tree === undefined) return keys;
    for (const match of part.source.read(tree).text.matchAll(/(\d+) (\d+) 0 R/g)) {
      const key = Number(match[1]);
      const value = part.map.get(Number(match[2]));
      if (value === undefined) continue;
      const isLink = key >= FIRST_LINK_KEY;
      const list = isLink ? this.#linkParents : this.#pageParents;
      const next = list.length + (isLink ? FIRST_LINK_KEY : 0);
      keys.set(key, next);
      list.push([next, value]);
    }
    return keys;
  }

  #copy(part: Taken, number: number, isPage: boolean, keys: ReadonlyMap<number, number>): void {
    const object = part.source.read(number);
    const target = this.#mapped(part, number);
    let text = this.#renumbered(part, object.text);
    const withKey = (name: string): string =>
      text.replace(new RegExp(`/${name} (\\d+)`), (_all, key: string) => {
        const next = keys.get(Number(key));
        return next === undefined ? '' : `/${name} ${next}`;
      });
    if (isPage) text = withKey('StructParents');
    else if (text.startsWith('<</Type /Annot')) {
      text = withKey('StructParent');
      const name = /\/Dest \/([^\s/[\]<>()]+)/.exec(text)?.[1];
      if (name !== undefined) this.#used.add(name);
    } else if (text.startsWith('<</Type /StructElem') && text.includes('(node'))
      text = this.#withIds(part, text, target);
    const copied: PdfObject = object.stream ? { text, stream: Buffer.from(object.stream) } : { text };
    if (isPage) this.#body.keep(target, copied);
    else this.#body.put(target, copied);
  }

  /** Makes the names of structure elements unlike those of other parts, and drops those that no cell names as its heading. */
  #withIds(part: Taken, text: string, target: number): string {
    const named = text.replace(/\n?\/ID (\(node\d{8}\))/, (whole, id: string) => {
      if (!part.headings.has(id)) return '';
      this.#ids.push([id.replace('node', `p${part.index}.`), target]);
      return whole;
    });
    return named.replace(/\(node(\d{8})\)/g, `(p${part.index}.$1)`);
  }

  #addTargets(part: Taken, catalog: string, share: Share): void {
    const targets = referenceAfter(catalog, 'Dests');
    if (targets === undefined) return;
    const { text } = part.source.read(targets);
    for (const match of text.matchAll(/\/([^\s/[\]<>()]+)\s*\[(\d+) 0 R ([^\]]*)\]/g)) {
      const page = part.map.get(Number(match[2]));
      const name = match[1] ?? '';
      if (page !== undefined) share.targets.set(name, `[${page} 0 R ${match[3]}]`);
    }
  }

  #addOutline(part: Taken, catalog: string, share: Share): void {
    const root = referenceAfter(catalog, 'Outlines');
    if (root === undefined) return;
    for (const { title, target, level } of outlineItems(part.source, root))
      share.outline.push({ title, target: this.#renumbered(part, target), level });
  }

  #writePageTree(all: readonly number[]): void {
    const nodes: string[] = [];
    for (let from = 0; from < all.length; from += PAGES_PER_NODE) {
      const pages = all.slice(from, from + PAGES_PER_NODE);
      const node = this.#body.allocate();
      this.#body.put(node, {
        text: `<</Type /Pages\n/Parent ${this.#pageTree} 0 R\n/Count ${pages.length}\n/Kids [${pages.map(page => `${page} 0 R`).join(' ')}]>>`,
      });
      nodes.push(`${node} 0 R`);
      for (const page of pages) {
        const { text } = this.#body.read(page);
        this.#body.keep(page, { text: text.replace(/\/Parent \d+ 0 R/, `/Parent ${node} 0 R`) });
      }
    }
    this.#body.put(this.#pageTree, {
      text: `<</Type /Pages\n/Count ${all.length}\n/Kids [${nodes.join(' ')}]>>`,
    });
  }

  #tree(kind: 'Nums' | 'Names', entries: readonly (readonly [string | number, number])[]): number {
    const leaves: string[] = [];
    for (let from = 0; from < entries.length; from += TREE_LEAF) {
      const some = entries.slice(from, from + TREE_LEAF);
      const leaf = this.#body.allocate();
      const list = some.map(([key, value]) => `${key} ${value} 0 R`).join(' ');
      this.#body.put(leaf, { text: `<</Limits [${some[0]?.[0]} ${some.at(-1)?.[0]}]\n/${kind} [${list}]>>` });
      leaves.push(`${leaf} 0 R`);
    }
    const root = this.#body.allocate();
    this.#body.put(root, { text: `<</Kids [${leaves.join(' ')}]>>` });
    return root;
  }

  #writeStructure(children: readonly number[]): void {
    const parents = this.#tree('Nums', [...this.#pageParents, ...this.#linkParents]);
    const ids = this.#ids.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const idTree = ids.length === 0 ? '' : `\n/IDTree ${this.#tree('Names', ids)} 0 R`;
    const language = this.#language === '' ? '' : `\n/Lang ${this.#language}`;
    this.#body.put(this.#document, {
      text: `<</Type /StructElem\n/S /Document${language}\n/P ${this.#structure} 0 R\n/K [${children.map(child => `${child} 0 R`).join(' ')}]>>`,
    });
    this.#body.put(this.#structure, {
      text: `<</Type /StructTreeRoot\n${ROLE_MAP}\n/K ${this.#document} 0 R\n/ParentTreeNextKey ${FIRST_LINK_KEY + this.#linkParents.length}\n/ParentTree ${parents} 0 R${idTree}>>`,
    });
  }

  /** The joined document. Nothing can be added afterwards. */
  finish(): JoinedPdf {
    const shares = [...this.#parts].toSorted(([a], [b]) => a - b).map(([, share]) => share);
    const pages = shares.flatMap(share => share.pages);
    this.#writePageTree(pages);
    this.#writeStructure(shares.flatMap(share => share.children));
    // The first part that has a target is the one it lies in: later ones may repeat boxes that began before them.
    const all = new Map(shares.toReversed().flatMap(share => [...share.targets]));
    const targets = [...all].filter(([name]) => this.#used.has(name));
    const targetsNumber = this.#body.allocate();
    this.#body.put(targetsNumber, {
      text: `<<${targets.map(([name, target]) => `/${name} ${target}`).join('\n')}>>`,
    });
    const outline = writeOutline(
      shares.flatMap(share => share.outline),
      this.#body,
    );
    const entries: Readonly<Record<string, number | undefined>> = {
      Pages: this.#pageTree,
      Dests: targetsNumber,
      StructTreeRoot: this.#structure,
      Outlines: outline,
    };
    let catalog = this.#catalog.replace(/\n?\/(Pages|Dests|StructTreeRoot|Outlines) \d+ 0 R/g, '');
    for (const [key, number] of Object.entries(entries))
      if (number !== undefined)
        catalog = catalog.replace('/Type /Catalog', `/Type /Catalog\n/${key} ${number} 0 R`);
    this.#body.keep(this.#root, { text: catalog });
    const info = this.#info === '' ? undefined : this.#body.allocate();
    if (info !== undefined) this.#body.keep(info, { text: this.#info });
    this.#body.close(this.#root, info, pages);
    return this.#body;
  }
}

/** Chromium numbers the parents of links from here, those of pages from 0. */
const FIRST_LINK_KEY = 100_000;
