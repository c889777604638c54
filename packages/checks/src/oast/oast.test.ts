import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { request } from 'node:http';
import { test } from 'node:test';
import { run, serveHttp, template } from '../../test/loopback.ts';
import { socketTransport } from '../http/transport.ts';
import { SocketDnsResolver } from '../protocols/dns-client.ts';
import { registerOast } from './client.ts';
import { startOastServer } from './server.ts';
import type { Interaction } from '../run/result.ts';

const OPTIONS = {
  domain: 'oast.test',
  listen: '127.0.0.1',
  ip: '127.0.0.1',
  httpPort: 0,
  dnsPort: 0,
  smtpPort: 0,
  ldapPort: 0,
  token: 'secret',
} as const;

function visit(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, headers: { host }, path: '/seen' }, response =>
      response.resume().once('end', resolve),
    )
      .once('error', reject)
      .end();
  });
}

test('a template that makes the target call back is matched by DNS and HTTP alike', async () => {
  const server = await startOastServer(OPTIONS);
  const { ports } = server;
  const dns = new SocketDnsResolver([`127.0.0.1:${ports.dns ?? 0}`]);
  const oast = await registerOast({
    server: `http://127.0.0.1:${ports.http ?? 0}`,
    token: 'secret',
    domain: 'oast.test',
    transport: socketTransport,
    pollMs: 50,
    cooldownMs: 400,
  });
  await using target = await serveHttp((seen, response) => {
    const name = new URL(seen.url, 'http://x').searchParams.get('u') ?? '';
    response.end('ok');
    if (seen.url.startsWith('/dns'))
      void dns.query({
        name: `data.${name}`,
        type: 'A',
        class: 'IN',
        isRecursive: true,
        servers: [],
        timeoutMs: 500,
        attempts: 1,
        signal: undefined,
      });
    else void visit(ports.http ?? 0, name);
  });
  const source = (kind: string): string =>
    template(
      `http:
  - method: GET
    path: ['{{BaseURL}}/${kind}?u={{interactsh-url}}']
    matchers-condition: and
    matchers:
      - {type: word, part: interactsh_protocol, words: [${kind}]}
      - {type: status, status: [200]}
    extractors:
      - {type: regex, part: interactsh_request, group: 1, regex: ['(data|/seen)']}
`,
      `oast-${kind}`,
    );
  const { results } = await run([source('dns'), source('http')], target.url, { oast });
  assert.deepEqual(
    results
      .map(result => [result['template-id'], result.interaction?.protocol, result['extracted-results']])
      .sort(),
    [
      ['oast-dns', 'dns', ['data']],
      ['oast-http', 'http', ['/seen']],
    ],
  );
  await server.close();
});

test('the server keeps registrations apart and wants its token', async () => {
  const server = await startOastServer(OPTIONS);
  const url = `http://127.0.0.1:${server.ports.http ?? 0}`;
  const shared = { server: url, domain: 'oast.test', transport: socketTransport, cooldownMs: 0 };
  await assert.rejects(registerOast({ ...shared, token: 'wrong' }), /refuses the token/);
  const [one, two] = await Promise.all([
    registerOast({ ...shared, token: 'secret' }),
    registerOast({ ...shared, token: 'secret' }),
  ]);
  const seen: [string, Interaction][] = [];
  const [a, b] = [one.create(), two.create()];
  one.watch([a.id], async interaction => void seen.push(['one', interaction]));
  two.watch([b.id], async interaction => void seen.push(['two', interaction]));
  await visit(server.ports.http ?? 0, b.url);
  await Promise.all([one.poll(), two.poll()]);
  assert.deepEqual(
    seen.map(([who, item]) => [who, item.protocol, item['unique-id']]),
    [['two', 'http', b.id]],
  );
  await Promise.all([one.finish(), two.finish()]);
  await server.close();
});

test('mail and directory look-ups are noticed', async () => {
  const server = await startOastServer(OPTIONS);
  const session = await registerOast({
    server: `http://127.0.0.1:${server.ports.http ?? 0}`,
    token: 'secret',
    domain: 'oast.test',
    transport: socketTransport,
    cooldownMs: 0,
  });
  const protocols: string[] = [];
  const say = (port: number | undefined, text: string): Promise<void> =>
    new Promise(resolve => {
      const socket = connect(port ?? 0, '127.0.0.1', () => socket.end(text));
      socket.resume().once('close', () => resolve());
    });
  const { id, url } = session.create();
  session.watch([id], async interaction => void protocols.push(interaction.protocol));
  await say(server.ports.smtp, `EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@${url}>\r\nQUIT\r\n`);
  await say(server.ports.ldap, `0\x0c\x02\x01\x01\x63\x07${id}`);
  await new Promise(resolve => setTimeout(resolve, 50));
  await session.poll();
  assert.deepEqual(protocols.sort(), ['ldap', 'smtp']);
  await session.finish();
  await server.close();
});
