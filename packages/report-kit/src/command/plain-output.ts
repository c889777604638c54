import { writeFile } from 'node:fs/promises';
import { readFile } from 'node:fs/promises';
import { writeDocx } from '../docx/index.ts';
import { variablesFrom } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { makeTextFolder, saveTextFolder } from '../text-folder/index.ts';
import type { Inputs } from './inputs.ts';

const ADDRESS = /^\/?(?:assets\/name|images\/name|files\/name|assets|images)\/(.+)$/;

/** Writes a Word document, or a folder of Markdown and its pictures; no browser is needed. */
export async function writePlain(
  kind: 'docx' | 'markdown',
  inputs: Inputs,
  options: {
    readonly out: string;
    readonly language?: string | undefined;
    readonly template?: string | undefined;
  },
): Promise<{ bytes: Uint8Array; messages: readonly Message[] }> {
  const outline = inputs.outline(options.language);
  const resolveVariable = variablesFrom(inputs.data);
  const file = async (address: string): Promise<Uint8Array | undefined> => {
    const name = ADDRESS.exec(address)?.[1];
    const decoded = name === undefined ? '' : decodeURIComponent(name);
    return inputs.assets.get(decoded) ?? inputs.design.assets.get(decoded);
  };
  if (kind === 'markdown') {
    const folder = await makeTextFolder(outline, { file, resolveVariable });
    await saveTextFolder(folder, options.out);
    return { bytes: folder.files.get('report.md') ?? new Uint8Array(), messages: folder.messages };
  }
  const template = options.template === undefined ? {} : { template: await readFile(options.template) };
  const result = await writeDocx(outline, { image: file, resolveVariable, ...template });
  await writeFile(options.out, result.bytes);
  return result;
}
