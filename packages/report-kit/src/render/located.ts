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
  const found = part === '' ? undefined : findText(data, text => text.includes(part));
  if (!found) return null;
  return { path: found.path, line: found.text.slice(0, found.text.indexOf(part)).split('\n').length };
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
export interface DesignTexts {
  readonly template: string;
  readonly style: string;
  readonly partials: Readonly<Record<string, string>>;
}

/** A message with the line of the design in which an address stands, as it is when it was found there. */
function withDesignPlace(message: Message, address: string, design: DesignTexts): Message {
  const files = [
    ['template.html', design.template],
    ...Object.entries(design.partials).map(([name, text]) => [`partials/${name}.html`, text] as const),
    ['style.css', design.style],
  ] as const;
  const [file, text = ''] = files.find(([, inner]) => inner.includes(address)) ?? [];
  if (file === undefined || address === '') return message;
  const line = text.slice(0, text.indexOf(address)).split('\n').length;
  return {
    ...message,
    text: `${file}, line ${line}: ${message.text}`,
    location: { ...message.location, file, line },
  };
}

/** Messages about an address say in which text of the data it stands, when it comes from there. */
export function withPlaces(messages: readonly Message[], data: unknown, design: DesignTexts): Message[] {
  return messages.map(message => {
    const { location } = message;
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
