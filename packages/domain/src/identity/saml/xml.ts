import { DOMParser } from '@xmldom/xmldom';
import { SamlRefusal } from './refusal.ts';

/** Namespaces of SAML 2.0 and XML signatures. */
export const ns = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
} as const;

/** An answer has some hundred of them; more cost time before anybody has shown who they are. */
const MAX_TAGS = 10_000;
const MAX_ATTRIBUTES = 10_000;
const MAX_ATTRIBUTES_OF_ELEMENT = 100;
const MAX_DEPTH = 60;

/**
 * Parses XML that is nothing but elements, attributes and text: no document type, so no entities and nothing that grows; no
 * CDATA and processing instructions; no comments either unless they are allowed, since parsers do not agree about text around
 * them. @throws SamlRefusal
 */
export function parseXml(text: string, options: { hasComments: boolean } = { hasComments: false }): Element {
  const xml = text.replace(/^\uFEFF/, '').replace(/^\s*<\?xml\s[^<>]{0,200}\?>/, '');
  if (xml.includes('<?')) throw new SamlRefusal('processing instruction');
  if (options.hasComments ? /<!(?!--)/.test(xml) : xml.includes('<!'))
    throw new SamlRefusal('markup declaration');
  if (count(xml, '<') > MAX_TAGS || count(xml, '=') - count(xml, '==') > 2 * MAX_ATTRIBUTES) {
    throw new SamlRefusal('too large');
  }
  // The parser’s time grows with the square of the attributes of one element.
  for (const [tag] of xml.matchAll(/<[^<]*/g)) {
    if (count(tag, '=') > MAX_ATTRIBUTES_OF_ELEMENT) throw new SamlRefusal('too large');
  }
  const fail = (message: unknown): never => {
    throw new SamlRefusal(`not well-formed: ${String(message).slice(0, 100)}`);
  };
  const root = new DOMParser({
    errorHandler: { warning: fail, error: fail, fatalError: fail },
  }).parseFromString(xml, 'text/xml').documentElement;
  if (!root) throw new SamlRefusal('no XML');
  return root;
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}

/** The elements in an element, in their order. */
export function elementsIn(parent: Element): Element[] {
  const found: Element[] = [];
  for (let node = parent.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === 1) found.push(node as Element);
  }
  return found;
}

/** The elements of a name directly in an element. */
export function childrenOf(parent: Element, namespace: string, name: string): Element[] {
  return elementsIn(parent).filter(one => one.namespaceURI === namespace && one.localName === name);
}

/** The one element of a name directly in an element. @throws SamlRefusal when there is none or several */
export function onlyChild(parent: Element, namespace: string, name: string): Element {
  const [one, ...more] = childrenOf(parent, namespace, name);
  if (!one || more.length > 0) throw new SamlRefusal(`${one ? 'several' : 'no'} ${name}`);
  return one;
}

/** An element and all below it. @throws SamlRefusal when they are nested too deep */
export function descendantsOf(root: Element): Element[] {
  const found: Element[] = [];
  const open: [Element, number][] = [[root, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [element, depth] = next;
    if (depth > MAX_DEPTH) throw new SamlRefusal('nested too deep');
    found.push(element);
    for (const child of elementsIn(element)) open.push([child, depth + 1]);
  }
  return found;
}

/** The text of an element that has nothing else in it. @throws SamlRefusal */
export function textOf(element: Element): string {
  let text = '';
  for (let node = element.firstChild; node; node = node.nextSibling) {
    if (node.nodeType !== 3) throw new SamlRefusal(`${element.localName} is no text`);
    text += node.nodeValue ?? '';
  }
  return text.trim();
}

/** The value of an attribute without a namespace; undefined when it is not there. */
export function attributeOf(element: Element, name: string): string | undefined {
  return element.hasAttribute(name) ? (element.getAttribute(name) ?? undefined) : undefined;
}
