import type { Capabilities, TcpConnection } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';

/** What is known of a service after talking to it. */
export interface Talk {
  readonly protocol: 'http' | 'https' | 'tls' | 'ssh' | 'ftp' | 'smtp' | 'redis' | 'mysql' | 'unknown';
  readonly isTls: boolean;
  readonly product?: string;
  readonly version?: string;
  readonly banner?: string;
}

/** Where and how patiently to talk. */
export interface TalkTarget {
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** Ports whose services wait for the client; for them the greeting is waited for last. */
const TLS_PORTS = new Set([443, 465, 636, 993, 995, 4443, 6443, 8443, 8834, 9443]);
const GREETING_PORTS = new Set([21, 22, 23, 25, 110, 111, 143, 587, 2121, 2222, 2525, 3306, 5900]);
const MAX_BANNER_BYTES = 4096;
const MAX_BANNER_LENGTH = 500;

/**
 * Finds out what a service speaks: greeting, TLS, HTTP, Redis, in the order that its port suggests, each on a connection of
 * its own. The first that understands wins.
 */
export async function talk(reach: Capabilities, target: TalkTarget): Promise<Talk> {
  const greet = () => readGreeting(reach, target);
  const tls = () => tryTls(reach, target);
  const http = () => tryHttp(reach, target, false);
  const redis = () => tryRedis(reach, target);
  const steps = TLS_PORTS.has(target.port)
    ? [tls, greet, http, redis]
    : GREETING_PORTS.has(target.port)
      ? [greet, tls, http, redis]
      : target.port === 6379
        ? [redis, tls, greet, http]
        : [http, tls, greet, redis];
  const [first, ...others] = steps;
  const quick = await first?.();
  if (quick) return quick;
  const slow = await Promise.all(others.map(step => step()));
  return slow.find(result => result !== undefined) ?? { protocol: 'unknown', isTls: false };
}

/** Text of a banner for people: control characters out, bounded. */
export function printable(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replace(/[^\P{C}\n\t]/gu, '')
    .trim()
    .slice(0, MAX_BANNER_LENGTH);
}

/** Opens a connection, or gives undefined when the peer does not take it (any more). */
async function open(reach: Capabilities, target: TalkTarget): Promise<TcpConnection | undefined> {
  try {
    return await reach.tcp.connect(target.address, target.port, target.timeoutMs);
  } catch (error) {
    return giveUp(error);
  }
}

/** A failed try means “does not speak that”; scope, limits and cancellation end the whole. @throws EgressError */
function giveUp(error: unknown): undefined {
  if (!(error instanceof EgressError)) throw error;
  const isFinal = ['out-of-scope', 'forbidden-address', 'cancelled', 'limit'].includes(error.code);
  if (isFinal) throw error;
  return undefined;
}

async function readGreeting(reach: Capabilities, target: TalkTarget): Promise<Talk | undefined> {
  const connection = await open(reach, target);
  if (!connection) return undefined;
  try {
    const bytes = await connection.read({
      maxBytes: MAX_BANNER_BYTES,
      timeoutMs: target.timeoutMs,
      until: received => received.includes(0x0a) || isMysql(received),
    });
    return classifyGreeting(bytes);
  } finally {
    connection.close();
  }
}

/** MySQL's first packet: length, sequence number 0, protocol version 10, version string. */
function isMysql(bytes: Buffer): boolean {
  return bytes.length > 10 && bytes[3] === 0 && bytes[4] === 10 && bytes.indexOf(0, 5) > 5;
}

/** Reads product and version from what a service says first; undefined when it said nothing known. */
export function classifyGreeting(bytes: Buffer): Talk | undefined {
  if (isMysql(bytes)) {
    const version = bytes.subarray(5, bytes.indexOf(0, 5)).toString('latin1').slice(0, 100);
    const number = /\d{1,3}(?:\.\d{1,3}){1,3}/.exec(version.replace(/^5\.5\.5-(?=\d)/, ''))?.[0];
    const product = /mariadb/i.test(version) ? 'mariadb' : 'mysql';
    return {
      protocol: 'mysql',
      isTls: false,
      product,
      ...(number ? { version: number } : {}),
      banner: version,
    };
  }
  const banner = printable(bytes);
  const base = { isTls: false, banner };
  const ssh = /^SSH-[\d.]{1,5}-([A-Za-z][A-Za-z]{0,40})?[_-]?([\w.]{1,40})?/.exec(banner);
  if (ssh) return { protocol: 'ssh', ...base, ...productOf(ssh[1], ssh[2]) };
  if (!/^2\d\d[ -]/.test(banner)) return undefined;
  const software =
    /\b(Postfix|Exim|Sendmail|vsFTPd|ProFTPD|Pure-FTPd|FileZilla|OpenSMTPD|Exchange)\b(?: (?:Server )?(\d[\w.]{0,20}))?/i.exec(
      banner,
    );
  const product = productOf(software?.[1], software?.[2]);
  if (/\bE?SMTP\b/i.test(banner)) return { protocol: 'smtp', ...base, ...product };
  if (/ftp/i.test(banner)) return { protocol: 'ftp', ...base, ...product };
  return undefined;
}

function productOf(name: string | undefined, version: string | undefined) {
  if (!name) return {};
  return { product: name.toLowerCase(), ...(version && /\d/.test(version) ? { version } : {}) };
}

async function tryTls(reach: Capabilities, target: TalkTarget): Promise<Talk | undefined> {
  const { address, port, timeoutMs } = target;
  try {
    await reach.tls.inspect({ host: address, port, timeoutMs });
  } catch (error) {
    giveUp(error);
    // An alert is an answer in TLS: such servers only speak to clients that name a host.
    const isAlert = error instanceof EgressError && /ALERT|UNRECOGNIZED_NAME/.test(error.message);
    return isAlert ? { protocol: 'tls', isTls: true } : undefined;
  }
  return (await tryHttp(reach, target, true)) ?? { protocol: 'tls', isTls: true };
}

async function tryHttp(reach: Capabilities, target: TalkTarget, isTls: boolean): Promise<Talk | undefined> {
  const host = target.address.includes(':') ? `[${target.address}]` : target.address;
  try {
    const response = await reach.http.request({
      url: `${isTls ? 'https' : 'http'}://${host}:${target.port}/`,
      timeoutMs: target.timeoutMs,
      maxBodyBytes: 2048,
    });
    const server = (response.headers.get('server')?.[0] ?? '').slice(0, 200);
    const match = /^([A-Za-z][\w.-]{0,60})(?:\/(\d[\w.]{0,30}))?/.exec(server);
    return { protocol: isTls ? 'https' : 'http', isTls, ...productOf(match?.[1], match?.[2]) };
  } catch (error) {
    return giveUp(error);
  }
}

async function tryRedis(reach: Capabilities, target: TalkTarget): Promise<Talk | undefined> {
  const reply = await converse(reach, target, 'PING\r\n', received => received.includes(0x0a));
  return /^(?:\+PONG|-NOAUTH|-DENIED|-ERR)/.test(reply)
    ? { protocol: 'redis', isTls: false, product: 'redis', banner: reply.split('\r\n', 1)[0] ?? '' }
    : undefined;
}

/** Sends one text on a new connection and gives what came back; the empty string when nothing did. */
export async function converse(
  reach: Capabilities,
  target: TalkTarget,
  text: string,
  until: (received: Buffer) => boolean,
): Promise<string> {
  const connection = await open(reach, target);
  if (!connection) return '';
  try {
    await connection.write(text);
    return printable(
      await connection.read({ maxBytes: MAX_BANNER_BYTES, timeoutMs: target.timeoutMs, until }),
    );
  } catch (error) {
    giveUp(error);
    return '';
  } finally {
    connection.close();
  }
}
