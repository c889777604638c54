import { messageOf } from '@glacis/foundation';
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A command line that cannot be understood. */
export class UsageError extends Error {}

/** Parses the arguments of a command. @throws UsageError that points to the help. */
export function parseCommand<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new UsageError(`${messageOf(cause)} See: glacis --help`, { cause });
  }
}
