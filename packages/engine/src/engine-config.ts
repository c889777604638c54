import { UserError } from '@glacis/foundation';
import { z } from 'zod';
import type { Registry } from './registry.ts';

const preset = z.object({
  /** Scanners to run, by id; left out: all. */
  scanners: z.array(z.string().max(60)).max(200).optional(),
  /** Options by scanner id. */
  options: z.record(z.string().max(60), z.record(z.string().max(60), z.json())).default({}),
});

/** Which scanners a scan runs and with what options: the validated form of an engine file. */
export type EngineConfig = z.output<typeof preset>;

/**
 * Checks an engine against the registry: unknown scanners and options are refused by name.
 * @throws UserError with every mistake.
 */
export function parseEngine(value: unknown, registry: Registry): EngineConfig {
  const parsed = preset.safeParse(value ?? {});
  if (!parsed.success)
    throw new UserError('engine.invalid', `The engine is not valid: ${z.prettifyError(parsed.error)}`);
  const mistakes: string[] = [];
  for (const id of [...(parsed.data.scanners ?? []), ...Object.keys(parsed.data.options)]) {
    if (!registry.get(id))
      mistakes.push(
        `there is no scanner “${id}”; there are ${registry.all.map(scanner => scanner.id).join(', ')}`,
      );
  }
  for (const [id, options] of Object.entries(parsed.data.options)) {
    const result = registry.get(id)?.options.strict().safeParse(options);
    if (result && !result.success) mistakes.push(`options of ${id}: ${z.prettifyError(result.error)}`);
  }
  if (mistakes.length > 0)
    throw new UserError('engine.invalid', `The engine is not valid: ${mistakes.join('; ')}.`);
  return parsed.data;
}
