import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { RenderError } from '../message.ts';

const SEE = 'see report-kit --help';

/** An error of the person at the keyboard: the exit code is 64. */
export const usageError = (text: string): RenderError => new RenderError('usage', text);

function textOf(error: Error): string {
  const [line = ''] = error.message.split('\n');
  const word = /'([^']*)'/.exec(line)?.[1] ?? '';
  const code = 'code' in error ? error.code : '';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `There is no option ${word} here: ${SEE}.`;
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return `“${word}” is a word too many: ${SEE}.`;
  const option = word.replace(/^-\w, /, '').split(/[ =]/)[0] ?? '';
  if (line.includes('does not take an argument')) return `${option} takes no value: ${SEE}.`;
  return `${option} wants a value behind it, and one that begins with - is given as ${option}=VALUE: ${SEE}.`;
}

/** Reads a command's options as `util.parseArgs` does; what is wrong with them is said in one sentence. */
export function readArguments<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw error instanceof TypeError ? usageError(textOf(error)) : error;
  }
}
