import type { RuleId } from '@glacis/contract';
import type { Capabilities, Evidence } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { converse, printable, type TalkTarget } from './service-talk.ts';

/** Proof that a service lets anybody in. */
export interface OpenAccess {
  readonly ruleId: Extract<RuleId, 'service.redis-unauthenticated' | 'service.ftp-anonymous'>;
  readonly evidence: readonly Evidence[];
  readonly version?: string;
}

/** Lines of INFO that say nothing of the data and are worth showing. */
const INFO_FIELDS = ['redis_version', 'redis_mode', 'os', 'tcp_port'];

/** Asks Redis for its server section, the least telling command that needs a log-in. */
export async function openRedis(reach: Capabilities, target: TalkTarget): Promise<OpenAccess | undefined> {
  const info = await converse(reach, target, 'INFO server\r\n', received => {
    const size = /^\$(\d{1,6})\r\n/.exec(received.subarray(0, 20).toString('latin1'));
    if (!size) return received.includes(0x0a) && received[0] !== 0x24;
    return received.length >= Math.min(4096, size[0].length + Number(size[1]) + 2);
  });
  const version = /redis_version:([0-9.]{1,20})/.exec(info)?.[1];
  if (version === undefined) return undefined;
  const shown = info.split('\n').filter(line => INFO_FIELDS.some(field => line.startsWith(`${field}:`)));
  return {
    ruleId: 'service.redis-unauthenticated',
    evidence: [
      { label: 'Command', text: 'INFO server' },
      { label: 'Answer', text: shown.map(line => line.trim()).join('\n') },
    ],
    version,
  };
}

/** Logs in to FTP as `anonymous` and leaves at once. */
export async function anonymousFtp(reach: Capabilities, target: TalkTarget): Promise<OpenAccess | undefined> {
  const { address, port, timeoutMs } = target;
  const replies: string[] = [];
  let connection;
  try {
    connection = await reach.tcp.connect(address, port, timeoutMs);
    for (const command of ['', 'USER anonymous\r\n', 'PASS guest@\r\n']) {
      if (command) await connection.write(command);
      const bytes = await connection.read({ maxBytes: 4096, timeoutMs, until: isFinalReply });
      const reply = printable(bytes);
      if (command) replies.push(command.trim(), reply);
      if (reply.startsWith('230')) break;
      if (!/^[23]/.test(reply)) return undefined;
    }
    await connection.write('QUIT\r\n');
  } catch (error) {
    if (!(error instanceof EgressError) || error.code === 'cancelled') throw error;
  } finally {
    connection?.close();
  }
  if (!replies.at(-1)?.startsWith('230')) return undefined;
  return {
    ruleId: 'service.ftp-anonymous',
    evidence: [{ label: 'Conversation', text: replies.join('\n') }],
  };
}

/** A reply's last line has a space after its code (RFC 959, 4.2). */
function isFinalReply(received: Buffer): boolean {
  return /(?:^|\n)\d{3} [^\n]{0,2000}\n$/.test(received.toString('latin1'));
}
