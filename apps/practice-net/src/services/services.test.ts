import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Conversation, get } from '../../test/clients.ts';
import { startPracticeNet } from '../practice-net.ts';
import type { PracticeNet } from '../practice-net.ts';

let net: PracticeNet;

before(async () => {
  net = await startPracticeNet({ hosts: 40, seed: '1', block: 'auto' });
});
after(() => net.close());

function addressOf(name: string): string {
  const address = net.world.names.find(one => one.name === `${name}.larkspur.test`)?.addresses[0];
  assert.ok(address !== undefined, name);
  return address;
}

async function talk(
  name: string,
  port: number,
  steps: readonly (readonly [string, RegExp])[],
): Promise<void> {
  const conversation = new Conversation(addressOf(name), port);
  try {
    for (const [text, pattern] of steps) {
      if (text !== '') conversation.send(text);
      await conversation.until(pattern);
    }
  } finally {
    conversation.socket.destroy();
  }
}

describe('line services', () => {
  it('FTP lets anonymous in where it should', () =>
    talk('ftp', 2121, [
      ['', /^220 \(vsFTPd 3\.0\.3\)\r\n$/],
      ['USER anonymous\r\n', /^331 /],
      ['PASS guest@example.org\r\n', /^230 /],
      ['PWD\r\n', /^257 /],
      ['QUIT\r\n', /^221 /],
    ]));
  it('FTP keeps anonymous out elsewhere', () =>
    talk('files', 2121, [
      ['', /^220 ProFTPD/],
      ['SYST\r\n', /^530 /],
      ['USER anonymous\r\n', /^331 /],
      ['PASS guest@example.org\r\n', /^530 /],
    ]));
  it('SMTP greets, says what it can, and relays nothing', () =>
    talk('mail', 2525, [
      ['', /^220 mail\.larkspur\.test ESMTP Postfix/],
      ['EHLO probe.test\r\n', /^250-mail[\s\S]*250 8BITMIME\r\n$/],
      ['MAIL FROM:<a@b.test>\r\n', /^250 /],
      ['RCPT TO:<c@d.test>\r\n', /^554 /],
      ['FLY\r\n', /^502 /],
      ['QUIT\r\n', /^221 /],
    ]));
  it('Redis answers in both forms, also in pieces', () =>
    talk('sessioncache', 6379, [
      ['PING\r\n', /^\+PONG\r\n$/],
      ['*1\r\n$4\r\nPI', /^$/],
      ['NG\r\n', /^\+PONG\r\n$/],
      ['*1\r\n$4\r\nINFO\r\n', /redis_version:6\.0\.16/],
      ['FLUSHALL\r\n', /^-ERR unknown command/],
    ]));
  it('Redis with a password says so, and hangs up on HTTP', async () => {
    const redis = new Conversation(net.world.plan.fixed(25), 6379);
    redis.send('PING\r\nAUTH guess\r\n');
    await redis.until(/^-NOAUTH Authentication required\.\r\n-WRONGPASS /);
    redis.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await redis.closed();
  });
  it('SSH names itself and starts key exchange once the client has named itself', async () => {
    const ssh = new Conversation(addressOf('git'), 2222);
    await ssh.until(/^SSH-2\.0-OpenSSH_9\.6p1 Ubuntu-3ubuntu13\.14\r\n$/);
    ssh.send('SSH-2.0-Probe\r\n');
    const packet = Buffer.from(await ssh.until(/curve25519-sha256/), 'latin1');
    assert.equal(packet.readUInt32BE(0) + 4, packet.length);
    assert.equal(packet.length % 8, 0);
    assert.equal(packet[5], 20);
    ssh.socket.destroy();
  });
  it('MySQL greets in protocol 10 and denies', async () => {
    const mysql = new Conversation(addressOf('db'), 3306);
    const greeting = Buffer.from(await mysql.until(/mysql_native_password/), 'latin1');
    assert.equal(greeting.readUIntLE(0, 3) + 4, greeting.length);
    assert.equal(greeting[4], 10);
    assert.equal(greeting.subarray(5, greeting.indexOf(0, 5)).toString(), '5.7.33-0ubuntu0.16.04.1');
    mysql.send('\u0001\u0000\u0000\u0001\u0000');
    await mysql.until(/Access denied/);
    await mysql.closed();
  });
});

describe('troublemakers', () => {
  it('one resets as soon as it hears something', async () => {
    const reset = new Conversation(addressOf('relay9'), 9090);
    reset.send('hello\r\n');
    await reset.closed();
    assert.ok(reset.error !== undefined && 'code' in reset.error && reset.error.code === 'ECONNRESET');
  });
  it('one accepts and says nothing', async () => {
    const silent = new Conversation(addressOf('oldgate'), 8080);
    silent.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise(resolve => setTimeout(resolve, 300));
    assert.equal(silent.isClosed, false);
    assert.equal(silent.received, '');
    silent.socket.destroy();
  });
  it('one answers on every port, in the language it is spoken to', async () => {
    const page = await get(addressOf('edge7'), 'http://edge7.larkspur.test:27017/');
    assert.equal(page.status, 200);
    const quiet = new Conversation(addressOf('edge7'), 3306);
    await quiet.until(/^220 ready/);
    quiet.send('STATUS\r\n');
    await quiet.until(/^200 OK/);
    quiet.socket.destroy();
  });
  it('one sends without end, and stops when the client does', async () => {
    const page = await get(addressOf('bulkdata'), 'http://bulkdata.larkspur.test:8080/');
    assert.equal(page.status, 200);
    assert.ok(page.body.length > 1024 * 1024);
    assert.equal((await get(addressOf('bulkdata'), 'http://bulkdata.larkspur.test:8080/x')).status, 404);
  });
  it('one takes its time', async () => {
    const startedAt = performance.now();
    assert.equal((await get(addressOf('status'), 'http://status.larkspur.test:8080/')).status, 200);
    assert.ok(performance.now() - startedAt >= 1400);
  });
  it('a TLS port that speaks no HTTP greets inside the tunnel', async () => {
    const secured = connectTls({ host: addressOf('vpn'), port: 9443, rejectUnauthorized: false });
    const [text] = await new Promise<[Buffer]>((resolve, reject) => {
      secured.once('data', (data: Buffer) => resolve([data]));
      secured.once('error', reject);
    });
    assert.match(text.toString(), /^\* TUNNEL/);
    secured.destroy();
  });
  it('what is no TLS on a TLS port is dropped, and the port lives on', async () => {
    const plain = new Conversation(addressOf('shop'), 8443);
    plain.send('GET / HTTP/1.1\r\n\r\n');
    await plain.closed();
    assert.equal((await get(addressOf('shop'), 'https://shop.larkspur.test:8443/')).status, 200);
  });
});

describe('certificates on the wire', () => {
  it('are trusted by a client that knows the authority, for the right name', async () => {
    const host = 'www.larkspur.test';
    const secured = connectTls({
      host: addressOf('www'),
      port: 8443,
      servername: host,
      ca: net.authorityPem,
    });
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
    });
    assert.equal(secured.authorized, true);
    secured.destroy();
  });
});
