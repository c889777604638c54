import type { Image, ImageReference, PhrasingContent } from 'mdast';
import type { Data, Position } from 'unist';
import type { Attributes } from './attributes.ts';

declare module 'micromark-util-types' {
  interface TokenTypeMap {
    inlineNote: 'inlineNote';
    inlineNoteMarker: 'inlineNoteMarker';
    inlineNoteText: 'inlineNoteText';
    attributeList: 'attributeList';
    templateVariable: 'templateVariable';
    todoMark: 'todoMark';
    dollarMath: 'dollarMath';
  }
}

/** `^[text]`: a footnote written where it is called. */
export interface InlineNote {
  type: 'inlineNote';
  children: PhrasingContent[];
  position?: Position | undefined;
  data?: Data | undefined;
}

/** `{#id .class key="value"}`, before it is given to the node in front of it. */
export interface AttributeList {
  type: 'attributeList';
  source: string;
  attributes: Attributes;
  position?: Position | undefined;
  data?: Data | undefined;
}

/** `{{ path }}`; `value` is the trimmed inside. */
export interface TemplateVariable {
  type: 'templateVariable';
  value: string;
  position?: Position | undefined;
  data?: Data | undefined;
}

/** `TODO` and its spellings. */
export interface TodoMark {
  type: 'todoMark';
  value: string;
  position?: Position | undefined;
  data?: Data | undefined;
}

/** A picture on a line of its own, with its caption. */
export interface Figure {
  type: 'figure';
  children: (Image | ImageReference)[];
  position?: Position | undefined;
  data?: Data | undefined;
}

declare module 'mdast' {
  interface BlockContentMap {
    figure: Figure;
  }
  interface PhrasingContentMap {
    inlineNote: InlineNote;
    attributeList: AttributeList;
    templateVariable: TemplateVariable;
    todoMark: TodoMark;
  }
  interface RootContentMap {
    figure: Figure;
    inlineNote: InlineNote;
    attributeList: AttributeList;
    templateVariable: TemplateVariable;
    todoMark: TodoMark;
  }
  interface ImageData {
    /** The caption as Markdown nodes; `alt` has the same as plain text. */
    caption?: PhrasingContent[];
  }
  interface ImageReferenceData {
    caption?: PhrasingContent[];
  }
  interface TableData {
    caption?: PhrasingContent[];
  }
}

declare module 'unist' {
  interface Data {
    /** What an attribute list behind the node says. */
    attributes?: Attributes;
    /** Where that list begins, as UTF-16 offset. */
    attributesAt?: number;
  }
}
