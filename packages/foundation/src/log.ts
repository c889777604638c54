import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Structured logger; children carry tenant, scan and job in every line. */
export type Logger = PinoLogger;

/** Keys whose values never reach a log line, at any depth of two. */
const SECRET_KEYS = ['password', 'token', 'secret', 'authorization', 'cookie', 'masterKey', 'key'];

/** A logger that writes JSON lines to stderr, or to `destination`. `level` is one of pino's levels or `silent`. */
export function createLogger(options: {
  name: string;
  level?: string;
  destination?: DestinationStream;
}): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: { process: options.name, pid: process.pid },
      redact: { paths: SECRET_KEYS.flatMap(key => [key, `*.${key}`]), censor: '[redacted]' },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    options.destination ?? process.stderr,
  );
}

/** A logger that says nothing, for tests and library use. */
export const silentLogger: Logger = pino({ level: 'silent' });
