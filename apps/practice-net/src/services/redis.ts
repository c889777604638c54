import type { Socket } from 'node:net';

/** Most bytes of an unfinished command. */
const LONGEST_COMMAND_BYTES = 64 * 1024;

interface Parsed {
  readonly words: readonly string[];
  /** Bytes taken. */
  readonly length: number;
}

function parseInline(text: string): Parsed | undefined {
  const end = text.indexOf('\n');
  if (end < 0) return undefined;
  const words = text
    .slice(0, end)
    .trim()
    .split(/\s+/)
    .filter(word => word !== '');
  return { words, length: end + 1 };
}

/** Reads one RESP array of bulk strings; undefined while it is incomplete, null when it is none. */
function parseArray(text: string): Parsed | null | undefined {
  let position = text.indexOf('\r\n');
  if (position < 0) return undefined;
  const count = Number(text.slice(1, position));
  if (!Number.isInteger(count) || count < 0 || count > 1024) return null;
  position += 2;
  const words: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const end = text.indexOf('\r\n', position);
    if (end < 0) return undefined;
    const size = Number(text.slice(position + 1, end));
    if (text[position] !== '$' || !Number.isInteger(size) || size < 0) return null;
    if (text.length < end + 2 + size + 2) return undefined;
    words.push(text.slice(end + 2, end + 2 + size));
    position = end + 2 + size + 2;
  }
  return { words, length: position };
}

function info(version: string): string {
  const text = [
    '# Server',
    `redis_version:${version}`,
    'redis_mode:standalone',
    'os:Linux 5.15.0-119-generic x86_64',
    'arch_bits:64',
    'tcp_port:6379',
    'uptime_in_days:211',
    '',
    '# Clients',
    'connected_clients:3',
    '',
    '# Keyspace',
    'db0:keys=1842,expires=1839,avg_ttl=1209600',
    '',
  ].join('\r\n');
  return `$${text.length}\r\n${text}\r\n`;
}

function reply(service: { version: string; needsPassword: boolean }, words: readonly string[]): string {
  const command = (words[0] ?? '').toUpperCase();
  if (command === 'QUIT') return '+OK\r\n';
  if (command === 'AUTH') {
    return service.needsPassword
      ? '-WRONGPASS invalid username-password pair or user is disabled.\r\n'
      : '-ERR AUTH <password> called without any password configured for the default user.\r\n';
  }
  if (service.needsPassword) return '-NOAUTH Authentication required.\r\n';
  if (command === 'PING') return '+PONG\r\n';
  if (command === 'INFO') return info(service.version);
  if (command === 'ECHO') return `$${(words[1] ?? '').length}\r\n${words[1] ?? ''}\r\n`;
  if (command === 'DBSIZE') return ':1842\r\n';
  return `-ERR unknown command '${command.slice(0, 40)}'\r\n`;
}

/** Speaks enough of Redis for PING, INFO and AUTH; closes on what looks like HTTP, as the real one does. */
export function serveRedis(
  socket: Socket,
  service: { readonly version: string; readonly needsPassword: boolean },
): void {
  let pending = '';
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1');
    if (pending.length > LONGEST_COMMAND_BYTES) {
      socket.destroy();
      return;
    }
    while (pending !== '') {
      const parsed = pending.startsWith('*') ? parseArray(pending) : parseInline(pending);
      if (parsed === undefined) return;
      if (parsed === null) {
        socket.end('-ERR Protocol error\r\n');
        return;
      }
      pending = pending.slice(parsed.length);
      const command = (parsed.words[0] ?? '').toLowerCase();
      if (command === '') continue;
      if (command === 'post' || command === 'host:') {
        socket.destroy();
        return;
      }
      socket.write(reply(service, parsed.words));
      if (command === 'quit') socket.end();
    }
  });
}
