import { writeFile } from 'node:fs/promises';
import { onParentGone } from './parent-watch.ts';
import { startPracticeNet } from './practice-net.ts';
import { buildTruth } from './truth/build.ts';
import type { Truth } from './truth/schema.ts';
import { buildWorld } from './world/build.ts';

/** What `serve` is told. */
export interface ServeOptions {
  readonly hosts: number;
  readonly seed: string;
  readonly block: number;
  readonly challenges: Readonly<Record<string, string>>;
  readonly truthFile: string | undefined;
}

/** The truth as a file: JSON with one asset or finding per line, so that it can be read and compared. */
export function truthText(truth: Truth): string {
  const { assets, findings, ...head } = truth;
  const lines = (items: readonly unknown[]): string => items.map(item => JSON.stringify(item)).join(',\n');
  return `${JSON.stringify(head).slice(0, -1)},\n"assets":[\n${lines(assets)}\n],\n"findings":[\n${lines(findings)}\n]}\n`;
}

/** Serves until a signal comes or the parent is gone; prints one line of JSON when everything listens. */
export async function serve(options: ServeOptions): Promise<void> {
  let stop: (code: number) => void = () => undefined;
  const stopped = new Promise<number>(resolve => (stop = resolve));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0));
  onParentGone(() => stop(0));
  const net = await startPracticeNet({
    ...options,
    onLost: message => {
      process.stderr.write(`${message}\n`);
      stop(1);
    },
  });
  if (options.truthFile !== undefined) await writeFile(options.truthFile, truthText(net.truth));
  const ready = {
    ready: true,
    dns: `${net.dns.address}:${net.dns.port}`,
    ct: net.ct,
    control: net.control,
    domains: net.world.domains,
    ranges: [net.world.plan.range],
    truth: options.truthFile ?? null,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.exitCode = await stopped;
  await net.close();
  process.exit();
}

/** Prints the truth without serving. */
export function printTruth(options: { hosts: number; seed: string; block: number }): void {
  process.stdout.write(truthText(buildTruth(buildWorld(options))));
}
