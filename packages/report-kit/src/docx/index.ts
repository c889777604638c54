export type { DocxOptions, DocxResult } from './document.ts';
export { DocxTemplateError, writeDocx } from './document.ts';
export type { DiagramSource, ImageSource } from './images.ts';
export { STYLE_IDS } from './styles.ts';
