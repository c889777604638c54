export { escapeMarkdown, rewriteMarkdown } from './rewrite.ts';
export type { TextFolder, TextFolderOptions } from './text-folder.ts';
export { makeTextFolder, saveTextFolder } from './text-folder.ts';
