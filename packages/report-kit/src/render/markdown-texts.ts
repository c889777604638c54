import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DesignFields } from '../design/fields.ts';
import { renderMarkdown } from '../markdown/index.ts';
import type { RenderedMarkdown, VariableResolver } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { located } from './located.ts';

/** So many characters are read ahead at most: they and their HTML are kept until the page asks for them. */
const AHEAD_CHARACTERS = 4_000_000;
/** The page's requests are looked at this often. */
const TURN_MS = 5;

interface FieldLike {
  readonly id: string;
  readonly type: string;
  readonly properties?: readonly FieldLike[];
  readonly items?: FieldLike;
}

function* markdownIds(fields: readonly FieldLike[]): Generator<string> {
  for (const field of fields) {
    if (field.type === 'markdown') yield field.id;
    if (field.properties) yield* markdownIds(field.properties);
    if (field.items) yield* markdownIds([{ ...field.items, id: field.id }]);
  }
}

function* textsUnder(value: unknown, ids: ReadonlySet<string>): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== 'string') yield* textsUnder(inner, ids);
    else if (ids.has(key)) yield inner;
  }
}

/** The Markdown of one job. */
export class MarkdownTexts {
  readonly #data: unknown;
  readonly #messages: Message[];
  readonly #resolveVariable: VariableResolver;
  readonly #ahead = new Map<string, RenderedMarkdown>();
  #isAsked = false;

  constructor(data: unknown, messages: Message[], resolveVariable: VariableResolver) {
    this.#data = data;
    this.#messages = messages;
    this.#resolveVariable = resolveVariable;
  }

  /** Reads what the fields say is Markdown while the page is busy with the template, until the page asks. */
  async readAhead(fields: DesignFields | undefined): Promise<void> {
    if (!fields) return;
    const all = [...fields.report_sections.flatMap(section => section.fields), ...fields.finding_fields];
    const ids = new Set(markdownIds(all));
    let characters = 0;
    let turnEnds = 0;
    for (const text of textsUnder(this.#data, ids)) {
      if (performance.now() > turnEnds) {
        await nextTurn();
        turnEnds = performance.now() + TURN_MS;
      }
      characters += text.length;
      if (this.#isAsked || characters > AHEAD_CHARACTERS) return;
      if (!this.#ahead.has(text)) this.#ahead.set(text, this.#read(text));
    }
  }

  /** The texts as HTML; messages name the field that a text stands in. */
  answer(texts: readonly string[]): string[] {
    this.#isAsked = true;
    return texts.map(text => {
      const { html, messages } = this.#ahead.get(text) ?? this.#read(text);
      this.#ahead.delete(text);
      for (const message of messages) this.#messages.push(located(message, this.#data, text));
      return html;
    });
  }

  #read(text: string): RenderedMarkdown {
    return renderMarkdown(text, { resolveVariable: this.#resolveVariable });
  }
}
