import type { Image, ImageReference, PhrasingContent, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import type { CompileContext, Extension as TreeExtension, Token } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmTaskListItemFromMarkdown } from 'mdast-util-gfm-task-list-item';
import { mathFromMarkdown } from 'mdast-util-math';
import { frontmatter } from 'micromark-extension-frontmatter';
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough';
import { gfmTable } from 'micromark-extension-gfm-table';
import { gfmTaskListItem } from 'micromark-extension-gfm-task-list-item';
import { math } from 'micromark-extension-math';
import type { Extension } from 'micromark-util-types';
import { parseAttributes } from './attributes.ts';
import { dollarMath } from './syntax-dollar.ts';
import { inlineNote } from './syntax-inline-note.ts';
import { attributeList, templateVariable, todoMark } from './syntax-marks.ts';

/** Extensions with what a text must hold for them to have a say: a table is looked for at every line otherwise. */
const SYNTAX: readonly (readonly [RegExp, Extension])[] = [
  [/\||:-|-:/, gfmTable()],
  [/~/, gfmStrikethrough()],
  [/\[[ \t\r\nxX]\]/, gfmTaskListItem()],
  [/\$/, math({ singleDollarTextMath: false })],
  [/\$/, { text: { 36: [dollarMath] } }],
  [/TODO|ToDo|To-Do|TO-DO/, { text: { 84: [todoMark] } }],
  [/\^\[/, { text: { 94: [...inlineNote] } }],
  [/\{/, { text: { 123: [templateVariable, attributeList] } }],
];

const FRONT_MATTER = /^---[ \t]*\r?\n(?:#[^\n]*\n)*[ \t]*[\w"'-][^\n:]{0,100}:/;

/**
 * What decides where marks begin and end: used by the tree, the editor's tokens and the spell checker alike. Front matter is
 * only looked for where keys follow, since `---` may be a line or a heading as well.
 */
export function syntaxFor(text: string): Extension[] {
  const own = SYNTAX.flatMap(([hint, extension]) => (hint.test(text) ? [extension] : []));
  return FRONT_MATTER.test(text)
    ? [frontmatter(), ...COMMONMARK_SYNTAX, ...own]
    : [...COMMONMARK_SYNTAX, ...own];
}

/** CommonMark alone, less indented code: what the official cases are compared with. */
export const COMMONMARK_SYNTAX: readonly Extension[] = [{ disable: { null: ['codeIndented'] } }];

function exitLabel(this: CompileContext): void {
  const fragment = this.stack.at(-1);
  const plain = this.resume();
  const node = this.stack.at(-1);
  this.data.inReference = true;
  if (!node || !fragment || !('children' in fragment)) return;
  if (node.type === 'link') node.children = fragment.children as PhrasingContent[];
  else if (node.type === 'image' || node.type === 'imageReference') {
    (node as Image | ImageReference).alt = plain;
    (node as Image | ImageReference).data = { caption: fragment.children as PhrasingContent[] };
  }
}

const dialectTree: TreeExtension = {
  canContainEols: ['inlineNote'],
  enter: {
    inlineNote(token) {
      this.enter({ type: 'inlineNote', children: [] }, token);
    },
  },
  exit: {
    label: exitLabel,
    inlineNote(token) {
      this.exit(token);
    },
    attributeList(token: Token) {
      const source = this.sliceSerialize(token);
      const attributes = parseAttributes(source.slice(1, -1));
      if (attributes === undefined) return;
      this.enter({ type: 'attributeList', source, attributes }, token);
      this.exit(token);
    },
    templateVariable(token) {
      this.enter({ type: 'templateVariable', value: this.sliceSerialize(token).slice(2, -2).trim() }, token);
      this.exit(token);
    },
    todoMark(token) {
      this.enter({ type: 'todoMark', value: this.sliceSerialize(token) }, token);
      this.exit(token);
    },
    dollarMath(token) {
      this.enter({ type: 'inlineMath', value: this.sliceSerialize(token).slice(1, -1) }, token);
      this.exit(token);
    },
  },
};

const TREE: readonly TreeExtension[] = [
  frontmatterFromMarkdown(),
  gfmTableFromMarkdown(),
  gfmStrikethroughFromMarkdown(),
  gfmTaskListItemFromMarkdown(),
  mathFromMarkdown(),
  dialectTree,
];

/** The syntax tree of a text, with positions; the dialect's nodes are those of `syntax-types.ts`. */
export function parseTree(text: string): Root {
  return fromMarkdown(text, { extensions: syntaxFor(text), mdastExtensions: [...TREE] });
}
