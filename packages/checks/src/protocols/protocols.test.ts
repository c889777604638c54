import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { decode, encode } from 'dns-packet';
import { run, serveTcp, template } from '../../test/loopback.ts';
import { selfSigned } from '../../test/self-signed.ts';
import { SocketDnsResolver } from './dns-client.ts';

test('TCP: hex and text inputs, named reads, parts', async () => {
  await using server = await serveTcp(socket => {
    socket.on('data', data =>
      socket.write(
        data.includes(0xff) ? Buffer.from('first\x00\x01', 'latin1') : `second ${data.toString()}`,
      ),
    );
  });
  const source = template(`tcp:
  - host: ['{{Hostname}}']
    inputs:
      - {data: 'ff00', type: hex, read: 7, name: hello}
      - {data: "{{to_upper('ping')}}"}
    read-size: 64
    matchers-condition: and
    matchers:
      - {type: word, part: hello, words: [first]}
      - {type: binary, part: raw, binary: ['0001']}
      - {type: word, words: ['second PING']}
      - {type: dsl, dsl: ['!contains(data, "first") && contains(raw, "first")']}
`);
  const { results } = await run(source, `127.0.0.1:${server.port}`);
  assert.deepEqual(
    results.map(result => [result.type, result['matched-at']]),
    [['tcp', `127.0.0.1:${server.port}`]],
  );
});

test('TCP: silence is no match, and the template’s port replaces a web port only', async () => {
  await using silent = await serveTcp(socket => socket.end());
  const source = (port: number): string =>
    template(
      `network:\n  - host: ['{{Hostname}}']\n    port: ${port}\n    inputs: [{data: "x"}]\n    matchers: [{type: word, negative: true, words: [absent]}]\n`,
    );
  assert.deepEqual((await run(source(silent.port), `127.0.0.1:${silent.port}`)).results, []);
  await using loud = await serveTcp(socket => socket.end('hello'));
  assert.equal((await run(source(loud.port), 'http://127.0.0.1:80')).results.length, 1);
  assert.equal((await run(source(loud.port), `127.0.0.1:${silent.port}`)).results.length, 0);
});

test('DNS: questions, records as text, and resolvers', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (message, from) => {
    const query = decode(message);
    const name = query.questions?.[0]?.name ?? '';
    const answers =
      name === 'example.com'
        ? [
            { type: 'TXT' as const, name, ttl: 60, data: 'v=spf1 -all' },
            { type: 'MX' as const, name, ttl: 60, data: { preference: 10, exchange: 'mail.example.com' } },
          ]
        : [];
    socket.send(
      encode({
        type: 'response',
        id: query.id ?? 0,
        flags: answers.length > 0 ? 0x100 : 0x103,
        questions: query.questions ?? [],
        answers,
      }),
      from.port,
      from.address,
    );
  });
  const dns = new SocketDnsResolver([`127.0.0.1:${(socket.address() as AddressInfo).port}`]);
  const source = template(`dns:
  - name: '{{RDN}}'
    type: TXT
    matchers-condition: and
    matchers:
      - {type: word, part: answer, words: ["example.com.\\t60\\tIN\\tTXT\\t\\"v=spf1 -all\\""]}
      - {type: word, part: rcode, words: [NOERROR]}
      - {type: word, words: ['status: NOERROR', 'ANSWER SECTION']}
    extractors:
      - {type: regex, group: 1, regex: ['IN\\tMX\\t(.+)']}
`);
  const { results } = await run(source, 'https://www.example.com/x', { dns });
  assert.deepEqual(
    results.map(result => result['extracted-results']),
    [['10 mail.example.com.']],
  );
  const missing = template(
    "dns:\n  - name: 'no.{{FQDN}}'\n    type: A\n    matchers: [{type: word, part: rcode, words: [NXDOMAIN]}]\n",
  );
  assert.equal((await run(missing, 'www.example.com', { dns })).results.length, 1);
  socket.close();
  assert.deepEqual((await run(missing, 'www.example.com', { dns, timeoutMs: 50 })).results, []);
});

test('TLS: the certificate’s facts', async () => {
  const server = createTlsServer(
    { ...selfSigned('*.example.com', 'Example', -2), maxVersion: 'TLSv1.2' },
    socket => socket.on('error', () => undefined).end(),
  );
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const source = template(`ssl:
  - address: '{{Host}}:{{Port}}'
    matchers:
      - type: dsl
        condition: and
        dsl:
          - 'expired == true && self_signed == true && mismatched == true && wildcard_certificate == true'
          - 'tls_version == "tls12" && unix_time() > not_after'
          - 'subject_dn == "CN=*.example.com, O=Example, C=DE" && issuer_cn == "*.example.com"'
          - 'contains(serial, "08:BB:01")'
    extractors:
      - {type: json, json: ['.subject_cn']}
`);
  assert.deepEqual(
    (await run(source, `127.0.0.1:${port}`)).results.map(result => result['extracted-results']),
    [['*.example.com']],
  );
  const only13 = template(
    "ssl:\n  - address: '{{Host}}:{{Port}}'\n    min_version: tls13\n    matchers: [{type: dsl, dsl: ['true']}]\n",
  );
  assert.deepEqual((await run(only13, `127.0.0.1:${port}`)).results, []);
  server.close();
});

test('WebSocket: the opening, masked frames, answers', async () => {
  await using server = await serveTcp(socket => {
    let isOpen = false;
    socket.on('data', data => {
      if (!isOpen) {
        const key = /Sec-WebSocket-Key: (\S+)/.exec(data.toString())?.[1] ?? '';
        const accept = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        isOpen = true;
        return;
      }
      const text = data
        .subarray(6)
        .map((byte, index) => byte ^ (data[2 + (index % 4)] ?? 0))
        .toString();
      socket.write(
        Buffer.concat([Buffer.from([0x89, 0x00, 0x81, text.length + 5]), Buffer.from(`echo ${text}`)]),
      );
    });
  });
  const source = template(
    "websocket:\n  - address: '{{Scheme}}://{{Hostname}}/ws'\n    inputs: [{data: 'hello {{Host}}', name: answer}]\n    matchers: [{type: word, part: answer, words: ['echo hello 127.0.0.1']}]\n",
  );
  assert.equal((await run(source, server.url)).results.length, 1);
});

test('file: extensions, denied names, no links', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'checks-'));
  for (const name of ['a.txt', 'b.log', 'c.txt']) writeFileSync(join(folder, name), `token=${name}`);
  symlinkSync(join(folder, 'a.txt'), join(folder, 'link.txt'));
  const source = template(
    "file:\n  - extensions: [txt]\n    denylist: [c.txt]\n    extractors: [{type: regex, regex: ['token=\\S+']}]\n",
  );
  const { results } = await run(source, folder);
  assert.deepEqual(
    results.map(result => result['extracted-results']),
    [['token=a.txt']],
  );
  rmSync(folder, { recursive: true });
});
