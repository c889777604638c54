import { connect as connectTls } from 'node:tls';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { StreamReader } from '../protocols/stream-reader.ts';
import type { ConnectOptions, Transport } from './transport.ts';

function overTls(stream: Duplex, host: string, options: ConnectOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const name = options.sni ?? (isIP(host) === 0 ? host : undefined);
    const socket = connectTls({
      socket: stream,
      rejectUnauthorized: options.isVerified === true,
      ciphers: options.ciphers ?? 'DEFAULT:@SECLEVEL=0',
      minVersion: options.minVersion ?? 'TLSv1',
      ...(name === undefined ? {} : { servername: name }),
    });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection to ${host} within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', fail);
      resolve(socket);
    });
  });
}

async function readUntil(
  reader: StreamReader,
  isEnd: (text: string) => boolean,
  timeoutMs: number,
): Promise<string> {
  let text = '';
  while (!isEnd(text) && text.length < 16_384) {
    const byte = await reader.read({ size: 1, firstMs: timeoutMs, quietMs: timeoutMs });
    if (byte === '') throw new Error('the proxy closed or does not answer');
    text += byte;
  }
  return text;
}

/** A connection to the proxy. */
interface ToProxy {
  readonly stream: Duplex;
  readonly reader: StreamReader;
  readonly timeoutMs: number;
}

async function httpTunnel(
  { stream, reader, timeoutMs }: ToProxy,
  proxy: URL,
  host: string,
  port: number,
): Promise<void> {
  const credentials =
    proxy.username === ''
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString('base64')}\r\n`;
  const name = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  stream.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${credentials}\r\n`);
  const head = await readUntil(reader, text => text.endsWith('\r\n\r\n'), timeoutMs);
  if (!/^HTTP\/1\.\d 2\d\d/.test(head))
    throw new Error(`the proxy refuses ${name}: ${head.split('\r\n', 1)[0] ?? ''}`);
}

async function socksTunnel(
  { stream, reader, timeoutMs }: ToProxy,
  proxy: URL,
  host: string,
  port: number,
): Promise<void> {
  const hasUser = proxy.username !== '';
  stream.write(Buffer.from(hasUser ? [5, 1, 2] : [5, 1, 0]));
  const choice = await readUntil(reader, text => text.length === 2, timeoutMs);
  if (choice.charCodeAt(1) === 2) {
    const [user, password] = [proxy.username, proxy.password].map(text =>
      Buffer.from(decodeURIComponent(text)),
    );
    stream.write(
      Buffer.concat([
        Buffer.from([1, user?.length ?? 0]),
        user ?? Buffer.alloc(0),
        Buffer.from([password?.length ?? 0]),
        password ?? Buffer.alloc(0),
      ]),
    );
    if ((await readUntil(reader, text => text.length === 2, timeoutMs)).charCodeAt(1) !== 0)
      throw new Error('the proxy refuses the credentials');
  } else if (choice.charCodeAt(1) !== 0) throw new Error('the proxy offers no usable authentication');
  const name = Buffer.from(host);
  if (name.length > 255) throw new Error('the host name is too long for the proxy');
  stream.write(
    Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]),
  );
  const head = await readUntil(reader, text => text.length === 4, timeoutMs);
  if (head.charCodeAt(1) !== 0) throw new Error(`the proxy cannot reach ${host}:${port}`);
  const kind = head.charCodeAt(3);
  const size =
    kind === 1
      ? 4
      : kind === 4
        ? 16
        : (await readUntil(reader, text => text.length === 1, timeoutMs)).charCodeAt(0);
  await readUntil(reader, text => text.length === size + 2, timeoutMs);
}

/** A transport that reaches everything through a proxy (`http://`, `https://` or `socks5://`). Throws for any other URL. */
export function proxyTransport(url: string, base: Transport): Transport {
  if (!URL.canParse(url) || !/^(?:https?|socks5h?):$/.test(new URL(url).protocol))
    throw new Error(`${url} is no http, https or socks5 proxy`);
  const proxy = new URL(url);
  const isSocks = proxy.protocol.startsWith('socks');
  const port = Number(proxy.port || (isSocks ? '1080' : proxy.protocol === 'https:' ? '443' : '8080'));
  return {
    connect: async (host, targetPort, options) => {
      const stream = await base.connect(proxy.hostname.replace(/^\[|\]$/g, ''), port, {
        isTls: proxy.protocol === 'https:',
        timeoutMs: options.timeoutMs,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      try {
        const reader = new StreamReader(stream);
        await (isSocks ? socksTunnel : httpTunnel)(
          { stream, reader, timeoutMs: options.timeoutMs },
          proxy,
          host,
          targetPort,
        );
        // What the target said first may have come together with the proxy's answer.
        reader.handOver();
        return options.isTls ? await overTls(stream, host, options) : stream;
      } catch (error) {
        stream.on('error', () => undefined);
        stream.destroy();
        throw error;
      }
    },
  };
}
