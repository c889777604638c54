import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { test } from 'node:test';
import { run, serveHttp, serveTcp, template } from '../../test/loopback.ts';
import { selfSigned } from '../../test/self-signed.ts';
import { proxyTransport } from './proxy.ts';
import { socketTransport } from './transport.ts';

/** Joins two sockets; what `first` holds already goes along. */
function join(left: Socket, right: Socket): void {
  left.pipe(right).pipe(left);
  right.on('error', () => left.destroy());
}

/** A proxy for CONNECT that wants a password and notes where it was sent; every name leads to loopback. */
const httpProxy = (seen: string[], answer = 'HTTP/1.1 200 Connected\r\n\r\n') =>
  serveTcp(socket => {
    let head = '';
    const onData = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      socket.off('data', onData);
      const [line = '', ...headers] = head.split('\r\n');
      const isKnown = headers.includes(`Proxy-Authorization: Basic ${btoa('us er:p:w')}`);
      seen.push(line);
      if (!isKnown) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      if (!answer.includes(' 200 ')) return void socket.end(answer);
      const target = connect(Number(/:(\d+) /.exec(line)?.[1]), '127.0.0.1');
      // The banner of a target that speaks first comes in one packet with the answer.
      target.once('data', first => {
        socket.write(Buffer.concat([Buffer.from(answer), first]));
        join(socket, target);
      });
      const timer = setTimeout(() => {
        target.removeAllListeners('data');
        socket.write(answer);
        join(socket, target);
      }, 30);
      target.once('data', () => clearTimeout(timer));
    };
    socket.on('data', onData);
  });

/** A SOCKS5 proxy with a password (RFC 1928, 1929) that notes the names asked for. */
const socksProxy = (seen: string[], status = 0) =>
  serveTcp(socket => {
    let step = 0;
    let held = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      if (step === 0 && held.length >= 3) {
        assert.deepEqual([...held.subarray(0, 3)], [5, 1, 2]);
        socket.write(Buffer.from([5, 2]));
        held = held.subarray(3);
        step = 1;
      }
      if (
        step === 1 &&
        held.length > 1 &&
        held.length >= 3 + (held[1] ?? 0) + (held[2 + (held[1] ?? 0)] ?? 0)
      ) {
        const isKnown = held.equals(Buffer.from('\x01\x05us er\x03p:w', 'latin1'));
        socket.write(Buffer.from([1, isKnown ? 0 : 1]));
        held = Buffer.alloc(0);
        step = 2;
      } else if (step === 2 && held.length > 4 && held.length >= 7 + (held[4] ?? 0)) {
        const length = held[4] ?? 0;
        const port = held.readUInt16BE(5 + length);
        seen.push(`${held.toString('latin1', 5, 5 + length)}:${port}`);
        socket.off('data', onData);
        if (status !== 0) return void socket.end(Buffer.from([5, status, 0, 1, 0, 0, 0, 0, 0, 0]));
        const target = connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 3, 4, 97, 98, 99, 100, 0, 80]));
          join(socket, target);
        });
      }
    };
    socket.on('data', onData);
  });

const page = template("http:\n  - path: ['{{BaseURL}}/x']\n    matchers: [{type: word, words: [inside]}]");
const banner = template(
  'tcp:\n  - host: [\'{{Hostname}}\']\n    inputs: [{data: ""}]\n    matchers: [{type: word, words: [SSH-2.0]}]',
);
const through = (url: string) => ({ transport: proxyTransport(url, socketTransport) });

for (const [name, start, scheme] of [
  ['HTTP CONNECT', httpProxy, 'http'],
  ['SOCKS5', socksProxy, 'socks5'],
] as const) {
  test(`${name}: HTTP, a server that speaks first and TLS go through, by name and with a password`, async () => {
    const seen: string[] = [];
    await using proxy = await start(seen);
    await using site = await serveHttp((_, response) => response.end('inside'));
    await using ssh = await serveTcp(socket => void socket.write('SSH-2.0-test\r\n'));
    const { key, cert } = selfSigned('inner.test', 'Org', 9);
    const tls = createTlsServer({ key, cert }, socket => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside'));
    });
    await new Promise<void>(resolve => tls.listen(0, '127.0.0.1', resolve));
    const address = tls.address();
    const tlsPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const options = through(`${scheme}://us%20er:p%3Aw@127.0.0.1:${proxy.port}`);
    try {
      assert.equal((await run(page, `http://inner.test:${site.port}`, options)).results.length, 1);
      assert.equal((await run(banner, `inner.test:${ssh.port}`, options)).results.length, 1);
      assert.equal((await run(page, `https://inner.test:${tlsPort}`, options)).results.length, 1);
    } finally {
      tls.close();
    }
    for (const port of [site.port, ssh.port, tlsPort])
      assert.ok(
        seen.some(line => line.includes(`inner.test:${port}`)),
        seen.join(' | '),
      );
  });
}

test('a proxy that refuses, wants another password or is none fails the request and says so', async () => {
  const seen: string[] = [];
  await using denying = await httpProxy(seen, 'HTTP/1.1 403 Forbidden\r\n\r\n');
  await using socks = await socksProxy(seen, 5);
  await using silent = await serveTcp(socket => void socket.end());
  const connectBy = (url: string) =>
    proxyTransport(url, socketTransport).connect('inner.test', 80, { isTls: false, timeoutMs: 500 });
  const cases = [
    [`http://us%20er:p%3Aw@127.0.0.1:${denying.port}`, /refuses inner\.test:80: HTTP\/1\.1 403/],
    [`http://127.0.0.1:${denying.port}`, /407/],
    [`socks5://us%20er:p%3Aw@127.0.0.1:${socks.port}`, /cannot reach inner\.test:80/],
    [`socks5://us%20er:no@127.0.0.1:${socks.port}`, /refuses the credentials/],
    [`http://127.0.0.1:${silent.port}`, /closed or does not answer/],
  ] as const;
  for (const [url, reason] of cases) await assert.rejects(connectBy(url), reason, url);
  assert.throws(() => proxyTransport('ftp://127.0.0.1', socketTransport), /no http, https or socks5 proxy/);
});
