import { runOastCommand } from './oast-command.ts';
import { runScanCommand } from './scan-command.ts';
import { runUpdateCommand } from './update-command.ts';
import { UsageError } from './flags.ts';
import { messageOf } from '../errors.ts';

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'update') return runUpdateCommand(args.slice(1));
  if (args[0] === 'oast') return runOastCommand(args.slice(1));
  return runScanCommand(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? '' : 'The scan failed: '}${messageOf(error)}\n`);
  process.exitCode = 1;
}
