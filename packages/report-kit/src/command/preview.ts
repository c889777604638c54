import { parseArgs } from 'node:util';
import { RenderError } from '../message.ts';
import { servePreview } from '../preview/server.ts';

/** `report-kit preview`: serves a design with its project on loopback and renders again whenever a file changes. */
export async function previewCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      design: { type: 'string' },
      project: { type: 'string' },
      port: { type: 'string' },
      chromium: { type: 'string' },
    },
  });
  if (values.design === undefined) throw new RenderError('usage', 'Say what to show: --design DESIGN.');
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RenderError('usage', `${values.port} is no port.`);
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
