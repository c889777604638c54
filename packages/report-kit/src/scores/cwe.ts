import { CWE_LIST } from './cwe-list.generated.ts';
import { NEWER_CWES } from './cwe-newer.ts';

/** A weakness of MITRE's list as a design sees it. */
export interface CweValue {
  readonly id: number;
  /** `CWE-89`. */
  readonly value: string;
  readonly name: string;
  readonly description: string;
  /** `CWE-943`; null at the top. */
  readonly parent: string | null;
  /** The parent, its parent and so on up to the top. */
  readonly parents: readonly CweValue[];
}

type Row = (typeof CWE_LIST)[number];

/** What testers call a weakness whose name in the catalogue has none of these words. */
const SHORT_NAMES: Readonly<Record<string, number>> = {
  xss: 79,
  sqli: 89,
  xxe: 611,
  idor: 639,
  ssti: 1336,
  rce: 94,
  lfi: 98,
  rfi: 98,
  toctou: 367,
  clickjacking: 1021,
};

const LIST: readonly Row[] = [...CWE_LIST, ...NEWER_CWES];
const rows: ReadonlyMap<number, Row> = new Map(LIST.map(row => [row[0], row]));

/** The number in `CWE-89`, `cwe-89` or `89`. */
export function parseCwe(text: string): number | undefined {
  const match = /^\s*(?:cwe-)?(\d{1,6})\s*$/i.exec(text);
  return match ? Number(match[1]) : undefined;
}

function entry(row: Row): CweValue {
  const [id, name, description, parentId] = row;
  const parentRow = rows.get(parentId);
  const parent = parentRow ? entry(parentRow) : undefined;
  return {
    id,
    value: `CWE-${id}`,
    name,
    // The catalogue keeps the line breaks and tabs of its XML.
    description: description.replaceAll(/\s+/g, ' ').trim(),
    parent: parent?.value ?? null,
    parents: parent ? [parent, ...parent.parents] : [],
  };
}

/** A weakness with all its parents; undefined when MITRE's list has no such number. */
export function findCwe(text: string): CweValue | undefined {
  const id = parseCwe(text);
  const row = id === undefined ? undefined : rows.get(id);
  return row ? entry(row) : undefined;
}

function rankOf([id, name, description]: Row, words: readonly string[], number: number | undefined): number {
  if (id === number) return 1000;
  const title = name.toLowerCase();
  let rank = 0;
  for (const word of words) {
    const at = title.indexOf(word);
    if (at === 0) rank += 30;
    else if (at > 0) rank += /[\s'(/-]/.test(title[at - 1] ?? '') ? 20 : 10;
    else if (description.toLowerCase().includes(word)) rank += 1;
    else if (!String(id).startsWith(word)) return 0;
    else rank += 5;
  }
  // Of two that match alike, the more general one has the shorter name.
  return rank - title.length / 1000;
}

/** Weaknesses that match a number or all words of a text, best first. */
export function searchCwe(query: string, limit = 20): CweValue[] {
  const text = query.trim().toLowerCase().slice(0, 200);
  const words = text
    .replace(/^cwe[-\s]*/, '')
    .split(/\s+/)
    .filter(word => word !== '');
  if (words.length === 0) return [];
  const known = words.length === 1 ? (words[0] ?? '') : '';
  const number = parseCwe(known) ?? (Object.hasOwn(SHORT_NAMES, known) ? SHORT_NAMES[known] : undefined);
  return LIST.map(row => ({ row, rank: rankOf(row, words, number) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, limit)
    .map(({ row }) => entry(row));
}
