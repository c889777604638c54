import { Parser } from 'htmlparser2';

/** Elements that may stand in a head; any other start tag, or text, ends it (HTML standard, 13.2.6.4.4). */
const OF_HEAD: ReadonlySet<string> = new Set([
  'html',
  'head',
  'title',
  'meta',
  'link',
  'base',
  'script',
  'style',
  'noscript',
  'template',
]);
/** Elements of the head whose content is no part of it. */
const CLOSED: ReadonlySet<string> = new Set(['title', 'script', 'style', 'noscript', 'template']);
const MAX_VALUES = 20;

/**
 * Content of the meta elements of a name in the head of a page. What stands in the body does not count: there visitors may
 * have written it.
 */
export function metaOfHead(html: string, name: string): readonly string[] {
  const values: string[] = [];
  let isInHead = true;
  const inside: string[] = [];
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        if (!OF_HEAD.has(tag)) isInHead = false;
        const isMeta = isInHead && inside.length === 0 && tag === 'meta';
        if (isMeta && attributes['name']?.toLowerCase() === name && values.length < MAX_VALUES)
          values.push((attributes['content'] ?? '').trim().slice(0, 200));
        if (CLOSED.has(tag)) inside.push(tag);
      },
      ontext(text) {
        if (inside.length === 0 && text.trim() !== '') isInHead = false;
      },
      onclosetag(tag) {
        if (tag === 'head') isInHead = false;
        if (inside.at(-1) === tag) inside.pop();
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return values;
}
