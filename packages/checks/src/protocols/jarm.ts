import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Transport } from '../http/transport.ts';
import { JARM_PROBES, jarmHello } from './jarm-hello.ts';

/** Bytes of an answer that are looked at, as in the public description. */
const MAX_ANSWER = 1484;
const MAX_EXTENSIONS = 100;
/** The fingerprint of a server that answers none of the hellos. */
const NOTHING = '0'.repeat(62);

/** Suites by their number in the fingerprint, from 1. */
const NUMBERED =
  `0004 0005 0007 000a 0016 002f 0033 0035 0039 003c 003d 0041 0045 0067 006b 0084 0088 009a 009c 009d 009e
  009f 00ba 00be 00c0 00c4 c007 c008 c009 c00a c011 c012 c013 c014 c023 c024 c027 c028 c02b c02c c02f c030 c060 c061
  c072 c073 c076 c077 c09c c09d c09e c09f c0a0 c0a1 c0a2 c0a3 c0ac c0ad c0ae c0af cc13 cc14 cca8 cca9 1301 1302 1303
  1304 1305`.split(/\s+/);

/** What a server chose: suite and version in hex, protocol, types of its extensions; all empty when it refused. */
export interface JarmAnswer {
  readonly cipher: string;
  readonly version: string;
  readonly alpn: string;
  readonly extensions: string;
}

const REFUSED: JarmAnswer = { cipher: '', version: '', alpn: '', extensions: '' };

function extensionsIn(
  data: Buffer,
  session: number,
  helloLength: number,
): { alpn: string; extensions: string } {
  const none = { alpn: '', extensions: '' };
  if (data.length < session + 49 || data[session + 47] === 0x0b || session + 42 >= helloLength) return none;
  const isOdd =
    data.subarray(session + 50, session + 53).equals(Buffer.from('0eac0b', 'hex')) ||
    data.subarray(82, 85).equals(Buffer.from('0ff00b', 'hex'));
  if (isOdd) return none;
  const types: string[] = [];
  let alpn = '';
  let at = session + 49;
  const end = at - 1 + data.readUInt16BE(session + 47);
  while (at < end && types.length < MAX_EXTENSIONS) {
    if (at + 4 > data.length) return none;
    const type = data.toString('hex', at, at + 2);
    const length = data.readUInt16BE(at + 2);
    types.push(type);
    if (type === '0010' && alpn === '') alpn = data.toString('latin1', at + 7, at + 4 + length);
    at += 4 + length;
  }
  return { alpn, extensions: types.join('-') };
}

/** Reads the first record of an answer. */
export function readJarmAnswer(data: Buffer): JarmAnswer {
  const session = data[43];
  if (data[0] !== 0x16 || data[5] !== 0x02 || session === undefined) return REFUSED;
  return {
    cipher: data.toString('hex', session + 44, session + 46),
    version: data.toString('hex', 9, 11),
    ...extensionsIn(data, session, data.readUInt16BE(3)),
  };
}

/** The 62 characters of a fingerprint: three for each answer, then a hash of what else the server said. */
export function jarmHash(answers: readonly JarmAnswer[]): string {
  if (answers.every(answer => answer.cipher === '' && answer.extensions === '')) return NOTHING;
  const chosen = answers.map(({ cipher, version }) => {
    const number = NUMBERED.includes(cipher)
      ? NUMBERED.indexOf(cipher) + 1
      : cipher === ''
        ? 0
        : NUMBERED.length + 1;
    const letter = version === '' ? '0' : ('abcdef'[Number(version[3])] ?? '0');
    return number.toString(16).padStart(2, '0') + letter;
  });
  const rest = answers.map(({ alpn, extensions }) => alpn + extensions).join('');
  return chosen.join('') + createHash('sha256').update(rest, 'latin1').digest('hex').slice(0, 32);
}

/** Writes a hello and reads the first record that comes back; what came until the end or the timeout when it is not whole. */
export function firstRecord(stream: Duplex, hello: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise(resolve => {
    let data = Buffer.alloc(0);
    const stop = (): void => {
      clearTimeout(timer);
      stream.removeAllListeners('data').destroy();
      resolve(data.subarray(0, MAX_ANSWER));
    };
    const timer = setTimeout(stop, timeoutMs);
    stream.on('error', stop).on('end', stop).on('close', stop);
    stream.on('data', (chunk: Buffer) => {
      data = Buffer.concat([data, chunk]);
      if (data.length >= MAX_ANSWER || (data.length >= 5 && data.length >= 5 + data.readUInt16BE(3))) stop();
    });
    stream.write(hello);
  });
}

/** What a fingerprint is taken with. */
export interface JarmOptions {
  readonly transport: Transport;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Takes the JARM fingerprint of a TLS server with ten connections, one after the other. */
export async function jarmOf(host: string, port: number, options: JarmOptions): Promise<string> {
  const { transport, timeoutMs, signal } = options;
  const answers: JarmAnswer[] = [];
  for (const probe of JARM_PROBES) {
    if (signal?.aborted === true) throw new Error('stopped');
    let stream: Duplex;
    try {
      stream = await transport.connect(host, port, {
        isTls: false,
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch {
      // A port that is closed stays closed.
      if (answers.length === 0) return NOTHING;
      answers.push(REFUSED);
      continue;
    }
    answers.push(readJarmAnswer(await firstRecord(stream, jarmHello(probe, host), timeoutMs)));
  }
  return jarmHash(answers);
}
