import { servePreview } from '../preview/server.ts';
import { readArguments, usageError } from './arguments.ts';
import { readInputs } from './inputs.ts';

/** `report-kit preview`: serves a design with its project on loopback and renders again whenever a file changes. */
export async function previewCommand(args: readonly string[]): Promise<number> {
  const { values } = readArguments({
    args: [...args],
    options: {
      design: { type: 'string' },
      project: { type: 'string' },
      port: { type: 'string' },
      chromium: { type: 'string' },
    },
  });
  if (values.design === undefined) throw usageError('Say what to show: --design DESIGN.');
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw usageError(`${values.port} is no port: give a number from 1 to 65535, or leave it out.`);
  // What cannot be read now is said here; what breaks while one writes is said on the page.
  await readInputs(values);
  const preview = await servePreview({
    design: values.design,
    project: values.project,
    port,
    chromium: values.chromium,
  });
  process.stdout.write(`${preview.url}\n`);
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await preview.close();
  return 0;
}
