import { readFile, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { builtInDesigns, loadDesign } from '../design/load.ts';
import type { Design } from '../design/design.ts';
import { RenderError } from '../message.ts';
import { createRenderer } from '../render/renderer.ts';
import { readProject } from './project.ts';
import { writeReport } from './report.ts';

const OUTPUTS = { '.pdf': 'pdf', '.html': 'html' } as const;
const ENGINES = ['chromium', 'weasyprint'] as const;

/** A design by folder, file, or the name of one that comes with the package. */
export async function findDesign(name: string): Promise<Design> {
  const builtIn = Object.entries(builtInDesigns).find(([known]) => known === name)?.[1];
  return builtIn ? builtIn() : loadDesign(name);
}

function outputOf(path: string): 'pdf' | 'html' {
  const known = Object.entries(OUTPUTS).find(([extension]) => extension === extname(path).toLowerCase());
  if (!known)
    throw new RenderError(
      'output-unknown',
      `${path}: the name must end in ${Object.keys(OUTPUTS).join(' or ')}.`,
    );
  return known[1];
}

function engineOf(name: string | undefined): 'chromium' | 'weasyprint' {
  const engine = name === undefined ? 'chromium' : ENGINES.find(known => known === name);
  if (!engine)
    throw new RenderError('engine-unknown', `There is no engine ${name}: use ${ENGINES.join(' or ')}.`);
  return engine;
}

/** `report-kit render`: one document from a design and a project. */
export async function renderCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      design: { type: 'string' },
      project: { type: 'string' },
      data: { type: 'string' },
      out: { type: 'string' },
      language: { type: 'string' },
      password: { type: 'string' },
      'password-file': { type: 'string' },
      engine: { type: 'string' },
      chromium: { type: 'string' },
      timings: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  if (values.design === undefined || values.out === undefined)
    throw new RenderError(
      'usage',
      'Say what to render and where to: --design DESIGN --out FILE.pdf; see report-kit --help.',
    );
  const output = outputOf(values.out);
  const engine = engineOf(values.engine);
  const design = await findDesign(values.design);
  const source = values.data ?? values.project;
  const project =
    source === undefined ? { data: design.sample, assets: design.assets } : await readProject(source);
  const passwordFile = values['password-file'];
  const password =
    passwordFile === undefined ? values.password : (await readFile(passwordFile, 'utf8')).trimEnd();
  const renderer = await createRenderer({ executablePath: values.chromium, warm: 0 });
  try {
    const result = await renderer.render({
      design,
      ...project,
      output,
      engine,
      password,
      language: values.language,
    });
    await writeFile(values.out, result.bytes);
    writeReport(
      { ...result, out: values.out },
      { isJson: values.json === true, hasTimings: values.timings === true },
    );
  } finally {
    await renderer.close();
  }
  return 0;
}
