import type { Design } from '../design/design.ts';
import type { Message } from '../message.ts';

/** The first text of the data that passes a test, with its path; undefined when none does. */
function findText(
  data: unknown,
  isWanted: (text: string) => boolean,
): { readonly text: string; readonly path: string } | undefined {
  const pending: { value: unknown; path: string }[] = [{ value: data, path: '' }];
  for (let item = pending.pop(); item; item = pending.pop()) {
    const { value, path } = item;
    if (typeof value === 'string' && isWanted(value)) return { text: value, path };
    if (typeof value !== 'object' || value === null) continue;
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value).toReversed())
      pending.push({ value: inner, path: isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}` });
  }
  return undefined;
}

/** Where in the data a part of a text stands: the text's path and the line (1-based) in it; null when it is not there. */
export function placeOf(
  data: unknown,
  part: string,
): { readonly path: string; readonly line: number } | null {
  if (part === '') return null;
  // A name of a letter or two is in many a word: it has to stand in brackets or quotes.
  const parts = !/^\w{1,3}$/.test(part) ? [part] : [`(${part})`, `"${part}"`, `'${part}'`];
  const found = findText(data, text => parts.some(one => text.includes(one)));
  if (!found) return null;
  const at = parts.find(one => found.text.includes(one)) ?? part;
  return { path: found.path, line: found.text.slice(0, found.text.indexOf(at)).split('\n').length };
}

/** A message about a text, with the field that the text stands in; errors become warnings, since the rest still renders. */
export function located(message: Message, data: unknown, text: string): Message {
  const path = findText(data, value => value === text)?.path;
  return {
    ...message,
    level: message.level === 'error' ? 'warning' : message.level,
    ...(path === undefined
      ? {}
      : { text: `${path}: ${message.text}`, location: { ...message.location, path } }),
  };
}

const NAMED_BY_ADDRESS = new Set(['request-blocked', 'image-missing']);

/** The texts of a design in which an address may stand. */
export type DesignTexts = Pick<Design, 'template' | 'style' | 'sharedLines' | 'partials'>;

/** The file of a design that a line of its whole style stands in, and the line there. */
function styleLine(line: number, { sharedLines = 0 }: DesignTexts): { file: string; line: number } {
  return line > sharedLines
    ? { file: 'style.css', line: line - sharedLines }
    : { file: '_shared/style.css', line };
}

/** A message about the style sheet says where in the design's own files that is. */
export function inStyleFile(message: Message, design: DesignTexts): Message {
  const { file, line } = message.location ?? {};
  if (file !== 'style.css' || line === undefined) return message;
  const place = styleLine(line, design);
  return {
    ...message,
    text: message.text.replace(`style.css, line ${line}`, `${place.file}, line ${place.line}`),
    location: { ...message.location, ...place },
  };
}

const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

/** Where in a design a text stands. */
function designPlace(part: string, design: DesignTexts): { file: string; line: number } | undefined {
  const files = [
    ['template.html', design.template],
    ...Object.entries(design.partials).map(([name, text]) => [`partials/${name}.html`, text] as const),
  ] as const;
  for (const [file, text] of files) if (text.includes(part)) return { file, line: lineOf(text, part) };
  return design.style.includes(part) ? styleLine(lineOf(design.style, part), design) : undefined;
}

/** A message with the line of the design in which a text stands, as it is when that is not found. */
function withDesignPlace(message: Message, part: string, design: DesignTexts): Message {
  const place = part === '' ? undefined : designPlace(part, design);
  return place
    ? {
        ...message,
        text: `${place.file}, line ${place.line}: ${message.text}`,
        location: { ...message.location, ...place },
      }
    : message;
}

/** Messages about an address or a label say in which text of the data or the design it stands. */
export function withPlaces(messages: readonly Message[], data: unknown, design: DesignTexts): Message[] {
  return messages.map(message => {
    const { location } = message;
    if (message.code === 'label-missing')
      return withDesignPlace(message, `'${/label "([^"]*)"/.exec(message.text)?.[1] ?? ''}`, design);
    if (!NAMED_BY_ADDRESS.has(message.code) || location?.url === undefined || location.path !== undefined)
      return message;
    const place = placeOf(data, location.url);
    if (!place) return withDesignPlace(message, location.url, design);
    return {
      ...message,
      text: `${place.path}, line ${place.line}: ${message.text}`,
      location: { ...location, ...place },
    };
  });
}
