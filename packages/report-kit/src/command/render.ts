import { lstat, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { RenderError } from '../message.ts';
import { createRenderer } from '../render/renderer.ts';
import { readArguments, usageError } from './arguments.ts';
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
      `${path}: the name must end in ${Object.keys(OUTPUTS).join(' or ')}; one with .md becomes a folder.`,
    );
  return known[1];
}

function engineOf(name: string | undefined): 'chromium' | 'weasyprint' {
  const engine = name === undefined ? 'chromium' : ENGINES.find(known => known === name);
  if (!engine)
    throw new RenderError('engine-unknown', `There is no engine ${name}: use ${ENGINES.join(' or ')}.`);
  return engine;
}

interface RenderValues {
  readonly password?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly template?: string | undefined;
  readonly language?: string | undefined;
}

/** Options that an output does not know would be dropped in silence, and a document sent out without its password. */
function checkOptions(values: RenderValues, output: Output, engine: (typeof ENGINES)[number]): void {
  const { password, template, language } = values;
  const passwordFile = values['password-file'];
  if (engine === 'weasyprint' && output !== 'pdf')
    throw usageError('WeasyPrint writes PDF only: name a file that ends in .pdf, or leave out --engine.');
  if (password !== undefined && passwordFile !== undefined)
    throw usageError('Give --password or --password-file, not both.');
  if ((password !== undefined || passwordFile !== undefined) && output !== 'pdf')
    throw usageError(
      'Only a PDF can have a password: name a file that ends in .pdf, or leave out the password.',
    );
  if (template !== undefined && output !== 'docx')
    throw usageError(
      '--template gives a Word document its styles: name a file that ends in .docx, or leave it out.',
    );
  if (language !== undefined)
    try {
      Intl.getCanonicalLocales(language);
    } catch {
      throw usageError(`“${language}” is no language: write it as en, de or pt-BR.`);
    }
}

async function readPassword(values: RenderValues): Promise<string | undefined> {
  const file = values['password-file'];
  const password = file === undefined ? values.password : (await readFile(file, 'utf8')).trimEnd();
  if (password === '') throw usageError('The password is empty: give one, or leave the option out.');
  return password;
}

/** Says before the work, and not after it, that its result has no place. */
async function checkPlace(out: string, output: Output): Promise<void> {
  const path = resolve(out);
  if (output === 'markdown') {
    if (await lstat(path).catch(() => undefined))
      throw new RenderError('output-exists', `${path} is there already: give the name of a new folder.`);
    return;
  }
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory())
    throw new RenderError('folder-missing', `There is no folder ${dirname(path)}: make it first.`);
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new RenderError('output-exists', `${path} is a folder: give another name.`);
}

/** `report-kit render`: one document from a design and a project. */
export async function renderCommand(args: readonly string[]): Promise<number> {
  const { values } = readArguments({
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
    throw usageError(
      'Say what to render and where to: --design DESIGN --out FILE.pdf; see report-kit --help.',
    );
  const output = outputOf(out);
  const engine = engineOf(values.engine);
  checkOptions(values, output, engine);
  const password = await readPassword(values);
  await checkPlace(out, output);
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
