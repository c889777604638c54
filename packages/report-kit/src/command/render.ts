import { readFile, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { RenderError } from '../message.ts';
import { createRenderer } from '../render/renderer.ts';
import { readInputs } from './inputs.ts';
import { writePlain } from './plain-output.ts';
import { writeReport } from './report.ts';

const OUTPUTS = { '.pdf': 'pdf', '.html': 'html', '.docx': 'docx', '.md': 'markdown' } as const;
type Output = (typeof OUTPUTS)[keyof typeof OUTPUTS];
const ENGINES = ['chromium', 'weasyprint'] as const;

function outputOf(path: string): Output {
  const known = Object.entries(OUTPUTS).find(([extension]) => extension === extname(path).toLowerCase());
  if (!known)
    throw new RenderError(
      'output-unknown',
      `${path}: the name must end in ${Object.keys(OUTPUTS).join(' or ')}; a name with .md becomes a folder.`,
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
      template: { type: 'string' },
      chromium: { type: 'string' },
      timings: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const { out } = values;
  if (out === undefined)
    throw new RenderError(
      'usage',
      'Say what to render and where to: --design DESIGN --out FILE.pdf; see report-kit --help.',
    );
  const output = outputOf(out);
  const engine = engineOf(values.engine);
  const inputs = await readInputs(values);
  const report = { isJson: values.json === true, hasTimings: values.timings === true };
  if (output === 'docx' || output === 'markdown') {
    const { language, template, chromium } = values;
    const from = performance.now();
    const written = await writePlain(output, inputs, { out, language, template, chromium });
    writeReport({ ...written, out, timings: { total: performance.now() - from } }, report);
    return 0;
  }
  const { design, data, assets } = inputs;
  const passwordFile = values['password-file'];
  const password =
    passwordFile === undefined ? values.password : (await readFile(passwordFile, 'utf8')).trimEnd();
  const renderer = await createRenderer({ executablePath: values.chromium, warm: 0 });
  try {
    const result = await renderer.render({
      design,
      data,
      assets,
      output,
      engine,
      password,
      language: values.language,
    });
    await writeFile(out, result.bytes);
    writeReport({ ...result, out }, report);
  } finally {
    await renderer.close();
  }
  return 0;
}
