import { writeFile } from 'node:fs/promises';
import { readFile } from 'node:fs/promises';
import { writeDocx } from '../docx/index.ts';
import { variablesFrom } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { makeTextFolder, saveTextFolder } from '../text-folder/index.ts';
import type { Drawing, DrawingRequest } from '../render/pictures.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Inputs } from './inputs.ts';

const ADDRESS = /^\/?(?:assets\/name|images\/name|files\/name|assets|images)\/(.+)$/;

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Starts a browser only for a document that has something to draw. */
async function drawIn(
  requests: readonly DrawingRequest[],
  chromium: string | undefined,
): Promise<(Drawing | string)[]> {
  const renderer = await createRenderer({ executablePath: chromium, warm: 0 });
  try {
    return await renderer.draw(requests);
  } finally {
    await renderer.close();
  }
}

/** Writes a Word document, or a folder of Markdown and its pictures; a browser is needed only for drawings in Word. */
export async function writePlain(
  kind: 'docx' | 'markdown',
  inputs: Inputs,
  options: {
    readonly out: string;
    readonly language?: string | undefined;
    readonly template?: string | undefined;
    readonly chromium?: string | undefined;
  },
): Promise<{ bytes: Uint8Array; messages: readonly Message[] }> {
  const outline = inputs.outline(options.language);
  const resolveVariable = variablesFrom(inputs.data);
  const file = async (address: string): Promise<Uint8Array | undefined> => {
    const name = ADDRESS.exec(address)?.[1];
    const known = name === undefined ? '' : decoded(name);
    return inputs.assets.get(known) ?? inputs.design.assets.get(known);
  };
  if (kind === 'markdown') {
    const folder = await makeTextFolder(outline, { file, resolveVariable });
    await saveTextFolder(folder, options.out);
    return { bytes: folder.files.get('report.md') ?? new Uint8Array(), messages: folder.messages };
  }
  const template = options.template === undefined ? {} : { template: await readFile(options.template) };
  const result = await writeDocx(outline, {
    image: file,
    draw: async requests => drawIn(requests, options.chromium),
    resolveVariable,
    ...template,
  });
  await writeFile(options.out, result.bytes);
  return result;
}
