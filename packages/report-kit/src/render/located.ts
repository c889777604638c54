import type { Message } from '../message.ts';

/** Path of the first place in the data that holds exactly this text; undefined when it is not there. */
function pathOf(data: unknown, text: string): string | undefined {
  const pending: { value: unknown; path: string }[] = [{ value: data, path: '' }];
  for (let item = pending.pop(); item; item = pending.pop()) {
    const { value, path } = item;
    if (value === text) return path;
    if (typeof value !== 'object' || value === null) continue;
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value).toReversed())
      pending.push({ value: inner, path: isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}` });
  }
  return undefined;
}

/** A message about a text, with the field that the text stands in; errors become warnings, since the rest still renders. */
export function located(message: Message, data: unknown, text: string): Message {
  const path = pathOf(data, text);
  return {
    ...message,
    level: message.level === 'error' ? 'warning' : message.level,
    ...(path === undefined
      ? {}
      : { text: `${path}: ${message.text}`, location: { ...message.location, path } }),
  };
}
