/**
 * Runs PostgreSQL for as long as standard input stays open: `keeper.ts POSTGRES ARG …`. When the process that started it
 * goes away in whatever manner, the pipe closes and the server is shut down (fast mode, then immediate).
 */
import { spawn } from 'node:child_process';

const [file = '', ...args] = process.argv.slice(2);
const server = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

function stop(): void {
  server.kill('SIGINT');
  setTimeout(() => server.kill('SIGQUIT'), 10_000).unref();
}

process.stdin.resume();
process.stdin.on('end', stop).on('error', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
process.stdout.on('error', () => {});
server.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
server.on('error', error => {
  process.stderr.write(`FATAL: ${error.message}\n`);
  process.exit(1);
});
