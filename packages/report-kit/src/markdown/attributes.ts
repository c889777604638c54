/** What `{#id .class key="value"}` says: pandoc's attribute lists. */
export interface Attributes {
  readonly id?: string;
  readonly classes: readonly string[];
  readonly values: Readonly<Record<string, string>>;
}

/** The longest attribute list that is read as one, in UTF-16 units. */
export const MAX_ATTRIBUTES_LENGTH = 1000;

const NAME = /[A-Za-z_][\w:.-]{0,99}/y;
const ID = /[\p{L}\p{N}_][\p{L}\p{N}_:.-]{0,199}/uy;
const BARE = /[^\s"'{}<>`=]{1,500}/y;

function take(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Reads the inside of an attribute list (without the braces); undefined when it is not one. */
export function parseAttributes(text: string): Attributes | undefined {
  if (text.length > MAX_ATTRIBUTES_LENGTH) return undefined;
  let id: string | undefined;
  const classes: string[] = [];
  const values: Record<string, string> = {};
  let at = 0;
  let isSeparated = true;
  let count = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (/\s/.test(char)) {
      at += 1;
      isSeparated = true;
      continue;
    }
    if (!isSeparated && char !== '.' && char !== '#') return undefined;
    isSeparated = false;
    count += 1;
    if (char === '#' || char === '.') {
      const name = take(ID, text, at + 1)?.replace(char === '#' ? /\.$/ : /\..*$/, '');
      if (!name) return undefined;
      if (char === '#') id = name;
      else classes.push(name);
      at += 1 + name.length;
      continue;
    }
    const key = take(NAME, text, at);
    if (key === undefined || text[at + key.length] !== '=') return undefined;
    at += key.length + 1;
    const quote = text[at];
    if (quote === '"' || quote === "'") {
      const end = text.indexOf(quote, at + 1);
      if (end < 0) return undefined;
      values[key.toLowerCase()] = text.slice(at + 1, end);
      at = end + 1;
    } else {
      const bare = take(BARE, text, at);
      if (bare === undefined) return undefined;
      values[key.toLowerCase()] = bare;
      at += bare.length;
    }
  }
  if (count === 0) return undefined;
  return id === undefined ? { classes, values } : { id, classes, values };
}
