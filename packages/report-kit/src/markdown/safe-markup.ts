import { decodeString } from 'micromark-util-decode-string';
import { KNOWN_ELEMENTS, showRefused } from './refused.ts';
import { IMAGE_DATA, LINK_SCHEMES } from './sanitize.ts';
import { cleanStyle } from './style.ts';

const SAFE_ATTRIBUTE =
  /^(?:id|class|title|lang|dir|alt|align|valign|width|height|colspan|rowspan|scope|start|reversed|type|value|checked|disabled|open|datetime|span|to|text|caption|display-mode|(?:data|aria)-[\w-]+)$/;
const TAG =
  /<(\/?)([a-z][\w-]{0,60})((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*(\/?)>/iy;
const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;
const MAX_TAG = 5000;

/** Whether an address, as Markdown or HTML writes it, leads to a place and runs nothing. */
export function isSafeAddress(written: string): boolean {
  const address = decodeString(written).replaceAll(/[\s\p{Cc}]+/gu, '');
  const scheme = /^([^/?#:]*):/.exec(address)?.[1]?.toLowerCase();
  return scheme === undefined || LINK_SCHEMES.includes(scheme) || IMAGE_DATA.test(address);
}

function isSafeAttribute(element: string, name: string, value: string): boolean {
  if (name === 'href') return isSafeAddress(value);
  if (name === 'src')
    return (
      element === 'img' && isSafeAddress(value) && !/^\s*(?:https?:|[/\\]{2})/i.test(decodeString(value))
    );
  if (name === 'style') return cleanStyle(decodeString(value)) !== undefined;
  return SAFE_ATTRIBUTE.test(name);
}

function safeTag(tag: string, slash: string, name: string, attributes: string): string {
  const element = name.toLowerCase();
  const kept = [...attributes.matchAll(ATTRIBUTE)].filter(match =>
    isSafeAttribute(element, (match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? match[4] ?? ''),
  );
  const isWhole = kept.length === [...attributes.matchAll(ATTRIBUTE)].length;
  if (isWhole) return tag;
  const end = tag.endsWith('/>') ? '/>' : '>';
  return `<${slash}${name}${kept.map(([whole]) => ` ${whole}`).join('')}${end}`;
}

/**
 * Raw HTML of a text for a Markdown file that any viewer may open: allowed elements with attributes that run nothing, and the rest
 * as it was written.
 */
export function safeMarkup(html: string, isBlock: boolean): string {
  const { html: shown } = showRefused(html, isBlock);
  // A block that begins with what is shown is no HTML to a viewer: its marks are text, too.
  if (isBlock && shown.trimStart().startsWith('&lt;'))
    return html.replaceAll(/[\\`*_[\]<&]/g, String.raw`\$&`);
  const lower = shown.toLowerCase();
  let result = '';
  let at = 0;
  for (let next = shown.indexOf('<'); next >= 0; next = shown.indexOf('<', at)) {
    result += shown.slice(at, next);
    if (shown.startsWith('<!--', next)) {
      at = Math.max(next + 4, shown.indexOf('-->', next) + 3);
      continue;
    }
    TAG.lastIndex = 0;
    const match = TAG.exec(shown.slice(next, next + MAX_TAG));
    const [tag = '<', slash = '', name = '', attributes = ''] = match ?? [];
    const silent = /^<(svg|math|style|script)(?![\w-])/i.exec(tag)?.[1];
    const close = silent === undefined ? -1 : lower.indexOf(`</${silent.toLowerCase()}`, next);
    if (close >= 0) {
      const end = shown.indexOf('>', close);
      at = end < 0 ? shown.length : end + 1;
      continue;
    }
    result += KNOWN_ELEMENTS.has(name.toLowerCase())
      ? safeTag(tag, slash, name, attributes)
      : `&lt;${tag.slice(1)}`;
    at = next + tag.length;
  }
  return result + shown.slice(at);
}
