import type { Element, ElementContent, Properties, Root as HtmlRoot, RootContent } from 'hast';
import type { Code, Image, ImageReference, List, ListItem, Nodes, Parents, Root, Table } from 'mdast';
import { raw } from 'hast-util-raw';
import { defaultHandlers, toHast } from 'mdast-util-to-hast';
import type { Handler, Handlers, State } from 'mdast-util-to-hast';
import { parseAttributes } from './attributes.ts';
import type { Attributes } from './attributes.ts';
import { parseLength } from './style.ts';
import type { Figure, InlineNote, TemplateVariable, TodoMark } from './syntax-types.ts';

function addAttributes(element: Element, attributes: Attributes | undefined): void {
  if (attributes === undefined) return;
  const { width, height, ...values } = attributes.values;
  const classes = [element.properties.className ?? []].flat().map(String);
  if (attributes.id !== undefined) element.properties.id = attributes.id;
  if (attributes.classes.length > 0) element.properties.className = [...classes, ...attributes.classes];
  const style: string[] = [];
  for (const [name, value] of Object.entries({ width, height })) {
    const length = value === undefined ? undefined : parseLength(value);
    if (length !== undefined) style.push(`${name}: ${length}`);
  }
  for (const [name, value] of Object.entries(values)) {
    if (name === 'style') style.push(value);
    else if (name === 'class') element.properties.className = [...classes, ...value.split(/\s+/)];
    else element.properties[propertyName(name)] = value;
  }
  if (style.length > 0) element.properties.style = style.join('; ');
}

function propertyName(name: string): string {
  return /^(?:data|aria)-/.test(name)
    ? name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    : name;
}

function withAttributes(handler: Handler): Handler {
  return (state, node: Nodes, parent) => {
    const made = handler(state, node, parent);
    const element = Array.isArray(made) ? made[0] : made;
    if (element?.type === 'element') addAttributes(element, node.data?.attributes);
    return made;
  };
}

function make(tagName: string, properties: Properties, children: ElementContent[]): Element {
  return { type: 'element', tagName, properties, children };
}

const text = (value: string): ElementContent => ({ type: 'text', value });

function figure(state: State, node: Figure): Element {
  const children: ElementContent[] = [];
  let attributes: Attributes | undefined;
  for (const picture of node.children) {
    attributes ??= picture.data?.attributes;
    // The identifier belongs to the figure: that is what references and the list of figures point at.
    const { id: _id, ...own } = picture.data?.attributes ?? { classes: [], values: {} };
    const bare: Image | ImageReference = { ...picture, data: { ...picture.data, attributes: own } };
    children.push(
      ...([state.one(bare, undefined)].flat().filter(made => made !== undefined) as ElementContent[]),
    );
    const caption = picture.data?.caption ?? [];
    if (caption.length > 0)
      children.push(make('figcaption', {}, state.all({ type: 'paragraph', children: caption })));
  }
  return make('figure', attributes?.id === undefined ? {} : { id: attributes.id }, children);
}

function table(state: State, node: Table): Element {
  const element = defaultHandlers.table(state, node);
  const { caption } = node.data ?? {};
  if (caption && caption.length > 0)
    element.children.unshift(make('caption', {}, state.all({ type: 'paragraph', children: caption })));
  return element;
}

/** Reads what stands behind a fence's language: `{#id .class key="v"}` or bare `key="v"`, `highlight-manual`. */
function fenceAttributes(meta: string): Attributes & { marker?: string } {
  let source = meta.trim().slice(0, 1000);
  if (source.startsWith('{') && source.endsWith('}')) source = source.slice(1, -1);
  const flag = /(?:^|\s)highlight-manual(?=\s|$)/;
  const isFlagged = flag.test(source);
  const attributes = parseAttributes(source.replace(flag, ' ')) ?? { classes: [], values: {} };
  const { 'highlight-manual': given, ...values } = attributes.values;
  const marker = given ?? (isFlagged ? '§' : undefined);
  return { ...attributes, values, ...(marker === undefined ? {} : { marker }) };
}

function code(state: State, node: Code): Element {
  const written = node.lang?.startsWith('{') === true ? undefined : node.lang?.split(/\s+/)[0];
  const language = written?.toLowerCase();
  const meta = written === undefined ? [node.lang, node.meta].filter(Boolean).join(' ') : (node.meta ?? '');
  const { marker, ...attributes } = fenceAttributes(meta);
  const { caption, ...values } = attributes.values;
  let block: Element;
  if (language === 'mermaid') block = make('mermaid-diagram', {}, [text(node.value)]);
  else if (language === 'math') block = displayMath(node.value);
  else {
    block = defaultHandlers.code(state, meta === '' ? node : { ...node, lang: written ?? null });
    if (marker !== undefined) block.properties.dataMarker = [...marker][0] ?? '§';
  }
  if (caption === undefined) {
    addAttributes(block, { ...attributes, values });
    return block;
  }
  const { id, ...rest } = attributes;
  addAttributes(block, { ...rest, values });
  const holder = make('figure', id === undefined ? {} : { id }, [
    block,
    make('figcaption', {}, [text(caption)]),
  ]);
  holder.properties.className = [language === 'mermaid' ? 'diagram' : 'listing'];
  return holder;
}

const displayMath = (value: string): Element => make('math-latex', { dataDisplay: 'block' }, [text(value)]);

const wrapped = Object.fromEntries(
  (
    [
      'heading',
      'link',
      'linkReference',
      'image',
      'imageReference',
      'emphasis',
      'strong',
      'delete',
      'inlineCode',
    ] as const
  ).map(name => [name, withAttributes(defaultHandlers[name])]),
);

const looseLists = new WeakMap<List, boolean>();

/** The default asks all items of a list for each of them: 60,000 items took 20 s. */
function listItem(state: State, node: ListItem, parent: Parents | undefined): Element {
  if (parent?.type !== 'list') return defaultHandlers.listItem(state, node, parent);
  const known = looseLists.get(parent);
  const spread = known ?? (parent.spread === true || parent.children.some(item => isLoose(item)));
  if (known === undefined) looseLists.set(parent, spread);
  return defaultHandlers.listItem(state, node, { ...parent, spread, children: [] });
}

const isLoose = ({ spread, children }: ListItem): boolean => spread ?? children.length > 1;

const HANDLERS: Handlers = {
  ...wrapped,
  listItem,
  figure,
  table: withAttributes(table),
  code,
  math: (_state, node: { value: string }) => displayMath(node.value),
  inlineMath: withAttributes((_state, node: { value: string }) => make('math-latex', {}, [text(node.value)])),
  inlineNote: withAttributes((state, node: InlineNote) =>
    make('footnote', {}, state.all({ type: 'paragraph', children: node.children })),
  ),
  templateVariable: (_state, node: TemplateVariable) =>
    make('span', { className: ['template-variable'], dataVariable: node.value }, [
      text(`{{ ${node.value} }}`),
    ]),
  todoMark: (_state, node: TodoMark) => make('span', { className: ['todo'] }, [text(node.value)]),
};

/** Attributes may hold `>`: arrows of a diagram, a comparison of a formula. */
const COMPONENTS =
  /<(ref|pagebreak|mermaid-diagram|math-latex|footnote|markdown)((?:\s(?:[^"'<>]|"[^"]{0,5000}"|'[^']{0,5000}'){0,1000})?)\/>/gi;

function prepare(nodes: RootContent[] | ElementContent[], hasLines: boolean): boolean {
  let hasMarkup = false;
  for (const node of nodes) {
    if (node.type === 'raw') {
      hasMarkup = true;
      // HTML knows no self-closing form of other than its own void elements: the rest of the text would fall inside.
      node.value = node.value.replace(COMPONENTS, '<$1$2></$1>');
    } else if (node.type === 'element') {
      const line = node.position?.start.line;
      if (hasLines && line !== undefined) node.properties.dataLine = String(line);
      if (prepare(node.children, hasLines)) hasMarkup = true;
    }
  }
  return hasMarkup;
}

/** Turns an arranged syntax tree into an HTML tree. Nothing is removed yet: this tree may only go to `sanitizeTree`. */
export function toHtmlTree(tree: Root, hasLines: boolean): HtmlRoot {
  const made = toHast(tree, { handlers: HANDLERS, allowDangerousHtml: true });
  const root: HtmlRoot =
    made.type === 'root' ? made : { type: 'root', children: made.type === 'doctype' ? [] : [made] };
  if (!prepare(root.children, hasLines)) return root;
  const parsed = raw(root);
  return parsed.type === 'root'
    ? parsed
    : { type: 'root', children: parsed.type === 'doctype' ? [] : [parsed] };
}
