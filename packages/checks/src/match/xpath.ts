import { createRequire } from 'node:module';
import type * as fontoxpath from 'fontoxpath';
import { parse } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import { Document, Element, parseXmlDocument, type Node as DomNode } from 'slimdom';
import { bytesOfText, textOfBytes } from '../bytes.ts';
import { TemplateError, messageOf } from '../errors.ts';
import { charge } from './allowance.ts';

let loaded: typeof fontoxpath | undefined;

/** The library, when a template needs it: few do. Its CommonJS build hides its names from import analysis. */
function library(): typeof fontoxpath {
  loaded ??= createRequire(import.meta.url)('fontoxpath') as typeof fontoxpath;
  return loaded;
}

/** A compiled XPath query. */
export interface XPathQuery {
  readonly source: string;
  /** Texts (or attribute values) of the nodes found in an HTML or XML byte string; [] when there is none. */
  readonly select: (input: string, attribute: string) => string[];
}

/** Characters of a document that are parsed; more is cut, because parsing holds the event loop. */
const MAX_DOCUMENT = 512_000;
const MAX_NODES = 40_000;
/** Parsing and searching a document takes as long as an automaton needs for this many times its length. */
const PARSED_WEIGHT = 2;
type HtmlNode = DefaultTreeAdapterMap['node'];

function copyNode(
  from: HtmlNode,
  to: DomNode,
  document: Document,
  budget: { left: number },
  depth: number,
): void {
  if (!('childNodes' in from) || depth > 200) return;
  for (const child of from.childNodes) {
    budget.left -= 1;
    if (budget.left < 0) return;
    if (child.nodeName === '#text' && 'value' in child) to.appendChild(document.createTextNode(child.value));
    if (!('tagName' in child)) continue;
    const element = document.createElement(
      /^[a-z_][\w.-]*$/i.test(child.tagName) ? child.tagName : 'unnamed',
    );
    for (const { name, value } of child.attrs) {
      if (/^[a-z_][\w.-]*$/i.test(name)) element.setAttribute(name, value);
    }
    to.appendChild(element);
    copyNode(child, element, document, budget, depth + 1);
  }
}

function parseDocument(text: string): Document | undefined {
  if (text.trimStart().startsWith('<?xml')) {
    try {
      return parseXmlDocument(text.trimStart());
    } catch {
      return undefined;
    }
  }
  const document = new Document();
  copyNode(parse(text), document, document, { left: MAX_NODES }, 0);
  return document;
}

let last: { readonly bytes: string; readonly document: Document | undefined } | undefined;

function documentOf(bytes: string): Document | undefined {
  if (last?.bytes !== bytes)
    last = { bytes, document: parseDocument(textOfBytes(bytes.slice(0, MAX_DOCUMENT))) };
  return last.document;
}

const OPTIONS = { namespaceResolver: (): string => '' };

function select(source: string, input: string, attribute: string): string[] {
  const document = documentOf(input);
  if (document === undefined) return [];
  let nodes: readonly DomNode[];
  try {
    nodes = library().evaluateXPathToNodes(source, document, null, null, OPTIONS);
  } catch {
    const value: unknown = library().evaluateXPath(
      source,
      document,
      null,
      null,
      library().evaluateXPath.ANY_TYPE,
      OPTIONS,
    );
    return value === '' || value === false || typeof value === 'object' ? [] : [bytesOfText(String(value))];
  }
  return nodes.flatMap(node => {
    if (attribute === '') return [bytesOfText(node.textContent ?? node.nodeValue ?? '')];
    const value = node instanceof Element ? node.getAttribute(attribute) : null;
    return value === null ? [] : [bytesOfText(value)];
  });
}

/** Compiles a query; with `isChecked` a syntax error throws TemplateError now, otherwise at first use it finds nothing. */
export function compileXPath(source: string, isChecked: boolean): XPathQuery {
  if (isChecked) {
    try {
      library().parseScript(source, {}, new Document());
    } catch (error) {
      throw new TemplateError(
        `the XPath ${JSON.stringify(source.slice(0, 120))} does not compile: ${messageOf(error).split('\n', 1)[0] ?? ''}`,
      );
    }
  }
  // Now, and not while an answer is matched.
  library();
  return {
    source,
    select: (input, attribute) => {
      charge(Math.min(input.length, MAX_DOCUMENT) * PARSED_WEIGHT);
      try {
        return select(source, input, attribute);
      } catch {
        return [];
      }
    },
  };
}
