const KIDS = /\/K (\[(?:[^\]<]|<<[^>]*>>)*\]|\d+ 0 R|\d+|<<[^>]*>>)/;
const KID = /<<[^>]*>>|\d+ 0 R|\d+/g;

/** What a structure element holds: references to others, numbers of marked content, dictionaries. */
export const kidsOf = (text: string): string[] => KIDS.exec(text)?.[1]?.match(KID) ?? [];

/** A structure element's role as it is written: `P`, `Table`, `LI`. */
export const roleOf = (text: string): string => /\/S \/(\w+)/.exec(text)?.[1] ?? '';

/** The object that a kid refers to; 0 when it is none. */
export const numberOf = (kid: string): number => Number(/^(\d+) 0 R$/.exec(kid)?.[1] ?? 0);

/** The element with other kids. */
export const withKids = (text: string, kids: readonly string[]): string =>
  text.replace(KIDS, kids.length === 0 ? '' : `/K [${kids.join(' ')}]`);

/** The element below another parent. */
export const withParent = (text: string, parent: number): string =>
  text.replace(/\/P \d+ 0 R/, `/P ${parent} 0 R`);
