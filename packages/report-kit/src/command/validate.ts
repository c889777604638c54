import { compileDesign } from '../design/compile.ts';
import { prepareData } from '../design/data.ts';
import type { Design } from '../design/design.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { createRenderer } from '../render/renderer.ts';
import { checkDefinitions, checkFields } from '../fields/index.ts';
import { projectOfData } from '../outline/index.ts';
import { readArguments, usageError } from './arguments.ts';
import { readInputs } from './inputs.ts';
import { messageLine } from './report.ts';

/** Empty fields that are required, broken scores, marks of what is still to do: what a form would refuse. */
function checkValues(design: Design, data: unknown): Message[] {
  if (!design.fields) return [];
  const { project } = projectOfData(data, design.fields, design.language);
  const fields = design.fields.report_sections.flatMap(section => section.fields);
  return [
    ...checkDefinitions(fields, 'report'),
    ...checkDefinitions(design.fields.finding_fields, 'finding'),
    ...checkFields(fields, project.report_data, { path: 'report' }),
    ...project.findings.flatMap((finding, index) =>
      checkFields(design.fields?.finding_fields ?? [], finding.data, { path: `findings[${index}]` }),
    ),
  ].map(message => ({ ...message, level: 'warning' as const }));
}

async function tryDesign(
  name: string | undefined,
  source: string | undefined,
  chromium: string | undefined,
): Promise<readonly Message[]> {
  const { design, data, assets } = await readInputs({ design: name, project: source });
  const compiled = compileDesign(design);
  if (compiled.messages.some(({ level }) => level === 'error')) return compiled.messages;
  const values = checkValues(design, prepareData(design.data, data));
  const renderer = await createRenderer({ executablePath: chromium, warm: 0 });
  try {
    const { messages } = await renderer.render({ design, data, assets, output: 'pdf' });
    return [...values, ...messages];
  } finally {
    await renderer.close();
  }
}

/** `report-kit validate`: renders once and lists everything noticed; exit code 1 when there is an error, 2 for warnings with --strict. */
export async function validateCommand(args: readonly string[]): Promise<number> {
  const { values } = readArguments({
    args: [...args],
    options: {
      design: { type: 'string' },
      project: { type: 'string' },
      chromium: { type: 'string' },
      strict: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  if (values.design === undefined && values.project === undefined)
    throw usageError('Say what to check: --design DESIGN, or --project ARCHIVE.');
  const messages = await tryDesign(values.design, values.project, values.chromium).catch((error: unknown) => {
    if (error instanceof RenderError) return error.messages;
    throw error;
  });
  if (values.json === true) process.stdout.write(`${JSON.stringify({ messages }, null, 2)}\n`);
  else {
    for (const message of messages) process.stderr.write(`${messageLine(message)}\n`);
    process.stdout.write(
      messages.length === 0
        ? 'Nothing to mend.\n'
        : `${messages.length} ${messages.length === 1 ? 'message' : 'messages'}.\n`,
    );
  }
  if (messages.some(({ level }) => level === 'error')) return 1;
  return values.strict === true && messages.some(({ level }) => level === 'warning') ? 2 : 0;
}
