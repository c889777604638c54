import { parseArgs } from 'node:util';
import { compileDesign } from '../design/compile.ts';
import { prepareData } from '../design/data.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { createRenderer } from '../render/renderer.ts';
import { readProject } from './project.ts';
import { findDesign } from './render.ts';
import { messageLine } from './report.ts';

async function tryDesign(
  name: string,
  source: string | undefined,
  chromium: string | undefined,
): Promise<readonly Message[]> {
  const design = await findDesign(name);
  const project =
    source === undefined ? { data: design.sample, assets: design.assets } : await readProject(source);
  const compiled = compileDesign(design);
  if (compiled.messages.some(({ level }) => level === 'error')) return compiled.messages;
  prepareData(design.data, project.data);
  const renderer = await createRenderer({ executablePath: chromium, warm: 0 });
  try {
    return (await renderer.render({ design, ...project, output: 'pdf' })).messages;
  } finally {
    await renderer.close();
  }
}

/** `report-kit validate`: renders once and lists everything noticed; exit code 1 when there is an error, 2 for warnings with --strict. */
export async function validateCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      design: { type: 'string' },
      project: { type: 'string' },
      chromium: { type: 'string' },
      strict: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  if (values.design === undefined) throw new RenderError('usage', 'Say what to check: --design DESIGN.');
  const messages = await tryDesign(values.design, values.project, values.chromium).catch((error: unknown) => {
    if (error instanceof RenderError) return error.messages;
    throw error;
  });
  if (values.json === true) process.stdout.write(`${JSON.stringify({ messages }, null, 2)}\n`);
  else {
    for (const message of messages) process.stderr.write(`${messageLine(message)}\n`);
    process.stdout.write(messages.length === 0 ? 'Nothing to mend.\n' : `${messages.length} messages.\n`);
  }
  if (messages.some(({ level }) => level === 'error')) return 1;
  return values.strict === true && messages.some(({ level }) => level === 'warning') ? 2 : 0;
}
