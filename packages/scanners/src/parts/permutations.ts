/** Words that organisations put before or after a name, most common first. */
const WORDS = [
  'dev',
  'test',
  'stage',
  'staging',
  'qa',
  'uat',
  'prod',
  'old',
  'new',
  'demo',
  'beta',
  'api',
  'admin',
  'internal',
  'int',
  'ext',
  'backup',
  'preprod',
  'sandbox',
  'v2',
  'eu',
  'us',
  'portal',
  'app',
  'web',
] as const;

/** How far a number in a name is counted up and down. */
const NUMBER_REACH = 3;

/** Variants of a first label, without itself and without repeats, most likely first, at most `limit`. The same for the same label. */
export function permutationsOf(label: string, limit: number): string[] {
  const found = new Set<string>();
  const add = (variant: string) => {
    if (variant !== label && variant.length <= 63 && /^[a-z0-9][a-z0-9-]*[a-z0-9]$/.test(variant))
      found.add(variant);
  };
  for (const variant of numbered(label)) add(variant);
  for (const word of WORDS) {
    add(`${label}-${word}`);
    add(`${word}-${label}`);
  }
  for (const variant of exchanged(label)) add(variant);
  for (const word of WORDS.slice(0, 10)) {
    add(`${label}${word}`);
    add(`${word}${label}`);
  }
  return [...found].slice(0, limit);
}

/** `web2` → web0 … web5; `web` → web1, web2, web-1, web01 …. */
function* numbered(label: string): Generator<string> {
  const match = /^(.*?)(\d{1,4})$/.exec(label);
  if (!match) {
    for (const number of [1, 2, 3]) {
      yield `${label}${number}`;
      yield `${label}-${number}`;
      yield `${label}0${number}`;
    }
    return;
  }
  const [, stem = '', digits = ''] = match;
  const value = Number(digits);
  for (let number = Math.max(0, value - NUMBER_REACH); number <= value + NUMBER_REACH; number += 1)
    yield stem + String(number).padStart(digits.length, '0');
  yield stem.replace(/-$/, '');
}

/** `api-dev` → api-test, api-stage …, and `api` alone: each part that is one of the words is exchanged for the others. */
function* exchanged(label: string): Generator<string> {
  const parts = label.split('-');
  if (parts.length < 2 || parts.length > 4) return;
  for (const [index, part] of parts.entries()) {
    if (!(WORDS as readonly string[]).includes(part)) continue;
    yield parts.filter((_, other) => other !== index).join('-');
    for (const word of WORDS) yield parts.with(index, word).join('-');
  }
}
