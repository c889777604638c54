import type { Element, Nodes, Parents, Root } from 'hast';
import { sanitize } from 'hast-util-sanitize';
import type { Schema } from 'hast-util-sanitize';
import { cleanStyle } from './style.ts';

const words = (...lines: readonly string[]): string[] => lines.flatMap(line => line.split(' '));

/** The elements that text may contain; everything else is unwrapped, or dropped with its content (`DROPPED`). */
export const ALLOWED_ELEMENTS: readonly string[] = words(
  'h1 h2 h3 h4 h5 h6 p br hr blockquote pre div section article ul ol li dl dt dd details summary',
  'figure figcaption center table caption colgroup col thead tbody tfoot tr th td a abbr b bdi bdo',
  'cite code del dfn em i ins kbd mark q s samp small span strike strong sub sup time tt u var wbr',
  'ruby rb rp rt rtc img input footnote math-latex mermaid-diagram',
);

/** Elements whose content is not text either, so that it goes with them. */
export const DROPPED: readonly string[] = words(
  'script style svg math iframe frame frameset noframes object embed applet noscript title textarea',
  'select option xmp plaintext noembed audio video canvas base link meta portal fencedframe slot',
  'selectedcontent',
);

const ID = /^[\p{L}\p{N}_][\p{L}\p{N}_:.-]{0,199}$/u;
/** Pictures within a text. */
export const IMAGE_DATA = /^data:image\/(?:png|jpeg|gif|webp|avif|bmp);base64,[A-Za-z0-9+/=\s]*$/i;

/** Where links may lead. */
export const LINK_SCHEMES: readonly string[] = words('http https mailto tel ftp ftps sftp ssh irc xmpp news');

const SCHEMA: Schema = {
  tagNames: [...ALLOWED_ELEMENTS],
  strip: [...DROPPED],
  attributes: {
    '*': [
      'id',
      'className',
      'title',
      'lang',
      'dir',
      'style',
      'align',
      'vAlign',
      'width',
      'height',
      'data*',
      'aria*',
    ],
    a: ['href', 'target', 'rel'],
    img: ['src', 'alt', 'loading'],
    input: [['type', 'checkbox'], ['disabled', true], 'checked'],
    ol: ['start', 'reversed', ['type', '1', 'a', 'A', 'i', 'I']],
    li: ['value'],
    td: ['colSpan', 'rowSpan', 'headers'],
    th: ['colSpan', 'rowSpan', 'headers', ['scope', 'row', 'col', 'rowgroup', 'colgroup'], 'abbr'],
    col: ['span'],
    colgroup: ['span'],
    details: ['open'],
    time: ['dateTime'],
    table: ['border', 'cellPadding', 'cellSpacing'],
  },
  required: { input: { type: 'checkbox', disabled: true } },
  protocols: {
    href: [...LINK_SCHEMES],
    src: ['http', 'https', 'data'],
  },
  ancestors: {
    li: ['ol', 'ul'],
    tbody: ['table'],
    td: ['table'],
    th: ['table'],
    thead: ['table'],
    tfoot: ['table'],
    tr: ['table'],
  },
  clobber: [],
  clobberPrefix: '',
  allowComments: false,
  allowDoctypes: false,
};

function cleanElement(element: Element): void {
  const { properties } = element;
  if (properties.style !== undefined) {
    const style = cleanStyle(String(properties.style));
    if (style === undefined) delete properties.style;
    else properties.style = style;
  }
  if (properties.id !== undefined && !ID.test(String(properties.id))) delete properties.id;
  const source = properties.src;
  if (typeof source === 'string' && /^\s*data:/i.test(source) && !IMAGE_DATA.test(source))
    delete properties.src;
  if (properties.target !== undefined) properties.target = '_blank';
  if (element.tagName === 'template') element.tagName = 'span';
}

function cleanChildren(parent: Parents): void {
  for (const child of parent.children)
    if (child.type === 'element') {
      cleanElement(child);
      if (child.tagName === 'span' && child.content) {
        child.children = child.content.children.filter(node => node.type !== 'doctype');
        delete child.content;
      }
      cleanChildren(child);
    }
}

/** Removes all that could run, fetch, or leave its place on the page; what stays is text and its shape. */
export function sanitizeTree(tree: Root): Root {
  cleanChildren(tree);
  const clean: Nodes = sanitize(tree, SCHEMA);
  return clean.type === 'root' ? clean : { type: 'root', children: clean.type === 'doctype' ? [] : [clean] };
}
