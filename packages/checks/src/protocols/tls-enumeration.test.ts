import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { describe, it } from 'node:test';
import { selfSigned } from '../../test/self-signed.ts';
import { run, serveTcp, template } from '../../test/loopback.ts';
import { socketTransport } from '../http/transport.ts';
import { CIPHER_SUITES, strengthOf } from './cipher-suites.ts';
import { JARM_PROBES, inOrder, jarmHello } from './jarm-hello.ts';
import { jarmHash, jarmOf, readJarmAnswer } from './jarm.ts';

async function serveTls(options: TlsOptions): Promise<{ port: number; [Symbol.dispose]: () => void }> {
  const server = createServer({ ...selfSigned('tls.example', 'Example', 9), ...options }, socket => {
    socket.on('error', () => undefined).end();
  });
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

const fingerprint = (port: number): Promise<string> =>
  jarmOf('127.0.0.1', port, { transport: socketTransport, timeoutMs: 1000, signal: undefined });

describe('JARM', () => {
  it('puts lists into the orders of its hellos', () => {
    assert.deepEqual(inOrder([1, 2, 3, 4, 5], 'middle-out'), [3, 4, 2, 5, 1]);
    assert.deepEqual(inOrder([1, 2, 3, 4], 'middle-out'), [3, 2, 4, 1]);
    assert.deepEqual(inOrder([1, 2, 3, 4, 5], 'top-half'), [3, 2, 1]);
    assert.deepEqual(inOrder([1, 2, 3, 4], 'top-half'), [2, 1]);
    assert.deepEqual(inOrder([1, 2, 3, 4, 5], 'bottom-half'), [4, 5]);
  });

  it('writes records whose lengths are right', () => {
    for (const probe of JARM_PROBES) {
      const hello = jarmHello(probe, 'a.example');
      assert.equal(hello.readUInt16BE(3), hello.length - 5);
      assert.equal(hello.readUInt16BE(7), hello.length - 9);
    }
    assert.equal(JARM_PROBES.length, 10);
  });

  it('reads a server hello, and nothing from an alert or a piece of one', () => {
    const extensions = Buffer.from('002b00020304001000050003026832', 'hex');
    const hello = Buffer.concat([
      Buffer.from('0303', 'hex'), Buffer.alloc(32), Buffer.from('00', 'hex'), Buffer.from('130100', 'hex'),
      Buffer.from([0, extensions.length]), extensions,
    ]); // prettier-ignore
    const record = Buffer.concat([
      Buffer.from('160303', 'hex'), Buffer.from([0, hello.length + 4]), Buffer.from('020000', 'hex'), Buffer.from([hello.length]), hello,
    ]); // prettier-ignore
    assert.deepEqual(readJarmAnswer(record), {
      cipher: '1301',
      version: '0303',
      alpn: 'h2',
      extensions: '002b-0010',
    });
    assert.equal(readJarmAnswer(Buffer.from('15030300020228', 'hex')).cipher, '');
    for (let length = 0; length < record.length; length += 1) readJarmAnswer(record.subarray(0, length));
  });

  it('is 62 zeros for who answers nothing, and differs between versions', async () => {
    const refused = { cipher: '', version: '', alpn: '', extensions: '' };
    assert.equal(jarmHash(JARM_PROBES.map(() => refused)), '0'.repeat(62));
    using old = await serveTls({ maxVersion: 'TLSv1.2' });
    using recent = await serveTls({ minVersion: 'TLSv1.3' });
    const [first, again, other] = [
      await fingerprint(old.port),
      await fingerprint(old.port),
      await fingerprint(recent.port),
    ];
    assert.match(first, /^[0-9a-f]{62}$/);
    assert.equal(first, again);
    assert.notEqual(first, other);
    assert.equal(other.slice(0, 18), '0'.repeat(18), 'hellos below TLS 1.3 are refused');
    await using silent = await serveTcp(socket => socket.resume());
    assert.equal(
      await jarmOf('127.0.0.1', silent.port, {
        transport: socketTransport,
        timeoutMs: 30,
        signal: undefined,
      }),
      '0'.repeat(62),
    );
  });

  it('is a function of expressions that goes over the transport of the scan', async () => {
    using server = await serveTls({ maxVersion: 'TLSv1.2' });
    const source = template(
      `tcp:\n  - inputs:\n      - data: "x"\n    host: ["{{Hostname}}"]\n    matchers:\n      - type: dsl\n        dsl: ["jarm(Hostname) == '${await fingerprint(server.port)}'"]`,
    );
    let connections = 0;
    const transport: typeof socketTransport = {
      connect: (...args) => {
        connections += 1;
        return socketTransport.connect(...args);
      },
    };
    const { results } = await run(source, `127.0.0.1:${server.port}`, { transport });
    assert.equal(results.length, 1);
    assert.equal(connections, 11);
  });
});

describe('enumeration of TLS', () => {
  const enumerating = (keys: string, matcher: string): string =>
    template(
      `ssl:\n  - address: "{{Host}}:{{Port}}"\n${keys}    matchers:\n      - type: dsl\n        dsl: ["true"]\n    extractors:\n      - type: json\n        json: ['${matcher}']`,
    );

  it('lists versions and, by strength, suites', async () => {
    using server = await serveTls({
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-GCM-SHA384',
    });
    const at = `127.0.0.1:${server.port}`;
    const versions = await run(enumerating('    tls_version_enum: true\n', '.version_enum[]'), at);
    assert.deepEqual(versions.results[0]?.['extracted-results'], ['tls12']);
    const suites = await run(
      enumerating('    tls_cipher_enum: true\n', '.cipher_enum[0].ciphers | tojson'),
      at,
    );
    assert.deepEqual(suites.results[0]?.['extracted-results'], [
      '{"secure":["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],"weak":["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"]}',
    ]);
    const weak = await run(
      enumerating(
        '    tls_cipher_enum: true\n    tls_cipher_types: [weak]\n',
        '.cipher_enum[0].ciphers | keys[]',
      ),
      at,
    );
    assert.deepEqual(weak.results[0]?.['extracted-results'], ['weak']);
  });

  it('knows what is broken, what is old and what is good', () => {
    assert.equal(strengthOf('TLS_RSA_WITH_RC4_128_SHA'), 'insecure');
    assert.equal(strengthOf('TLS_ECDH_anon_WITH_AES_128_CBC_SHA'), 'insecure');
    assert.equal(strengthOf('TLS_RSA_WITH_AES_128_GCM_SHA256'), 'weak');
    assert.equal(strengthOf('TLS_RSA_WITH_3DES_EDE_CBC_SHA'), 'weak');
    assert.equal(strengthOf('TLS_AES_128_GCM_SHA256'), 'secure');
    assert.ok([...CIPHER_SUITES.keys()].every(code => /^[0-9a-f]{4}$/.test(code)));
  });
});
