export type { DocxOptions, DocxResult } from './document.ts';
export { writeDocx } from './document.ts';
export type { DrawingSource, DrawnImage, ImageSource } from './images.ts';
export { STYLE_IDS } from './styles.ts';
export { DocxTemplateError } from './template.ts';
