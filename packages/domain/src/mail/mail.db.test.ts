import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newSecretKey, silentLogger } from '@glacis/foundation';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { startMailServer, type MailServer } from '../testing/mail-server.ts';
import { spendMailAllowance } from './allowance.ts';
import { composeMail } from './compose.ts';
import { deliverMails } from './delivery.ts';
import { queueMail, webLink } from './outbox.ts';
import { openMailTransport } from './transport.ts';

let db: TestDatabase;
let server: MailServer;
before(async () => {
  [db, server] = await Promise.all([createTestDatabase(), startMailServer()]);
});
after(() => Promise.all([db.close(), server.close()]));

const masterKey = newSecretKey();
const from = 'Glacis <glacis@sender.test>';
const content = {
  subject: 'Hello',
  paragraphs: ['You were invited.'],
  action: { label: 'Accept', url: 'https://glacis.test/invitation#s3cret' },
};

function platform() {
  return {
    database: db.database,
    masterKey,
    log: silentLogger,
    publicUrl: 'https://glacis.test',
    smtp: { url: server.url, from },
  };
}

async function round(): Promise<number> {
  const transport = openMailTransport({ url: server.url, from });
  try {
    return await deliverMails(platform(), transport);
  } finally {
    transport.close();
  }
}

async function mails() {
  const { rows } = await db.database.query('select * from control.mail order by created_at, id');
  return rows;
}

test('a mail goes out after its transaction has committed, and never without', async () => {
  const { control } = db.database;
  const rolledBack = control.transaction().execute(async trx => {
    await queueMail(db.database.through(trx), platform(), {
      to: 'lost@example.test',
      purpose: 'test',
      content,
    });
    throw new Error('changed my mind');
  });
  await assert.rejects(rolledBack, /changed my mind/);
  await control
    .transaction()
    .execute(trx =>
      queueMail(db.database.through(trx), platform(), { to: 'ada@example.test', purpose: 'test', content }),
    );
  const [waiting] = await mails();
  assert.ok(!JSON.stringify(waiting).includes('s3cret'));
  assert.ok(Buffer.isBuffer(waiting?.['sealed']) && !waiting['sealed'].includes('s3cret'));
  assert.equal(await round(), 1);
  assert.deepEqual(
    server.received.map(mail => [mail.from, mail.to, mail.subject, mail.link]),
    [['glacis@sender.test', ['ada@example.test'], 'Hello', 'https://glacis.test/invitation#s3cret']],
  );
  const [sent] = await mails();
  assert.deepEqual([sent?.['state'], sent?.['sealed']], ['sent', null]);
  assert.equal(await round(), 0);
});

test('a server that is busy is asked again later, one that says no is not', async () => {
  await queueMail(db.database.query, platform(), { to: 'late@example.test', purpose: 'test', content });
  server.refuse(451);
  assert.equal(await round(), 0);
  const busy = (await mails()).at(-1);
  assert.equal(busy?.['state'], 'waiting');
  assert.match(String(busy?.['error']), /not now/);
  assert.equal(await round(), 0, 'the wait is not over');
  server.refuse(undefined);
  await db.database.query(`update control.mail set next_at = now() where state = 'waiting'`);
  assert.equal(await round(), 1);
  server.refuse(550);
  await queueMail(db.database.query, platform(), { to: 'nobody@example.test', purpose: 'test', content });
  assert.equal(await round(), 0);
  assert.equal((await mails()).at(-1)?.['state'], 'failed');
  server.refuse(undefined);
});

test('an unreachable server keeps the mail waiting', async () => {
  await queueMail(db.database.query, platform(), { to: 'patient@example.test', purpose: 'test', content });
  const transport = openMailTransport({ url: 'smtp://127.0.0.1:1', from });
  assert.equal(await deliverMails(platform(), transport), 0);
  transport.close();
  assert.equal((await mails()).at(-1)?.['state'], 'waiting');
  await db.database.query('delete from control.mail');
});

test('several processes send each mail once', async () => {
  const before = server.received.length;
  for (let count = 0; count < 20; count += 1)
    await queueMail(db.database.query, platform(), {
      to: `n${count}@example.test`,
      purpose: 'test',
      content,
    });
  const sent = await Promise.all([round(), round(), round()]);
  assert.equal(
    sent.reduce((sum, value) => sum + value, 0),
    20,
  );
  const recipients = server.received.slice(before).flatMap(mail => mail.to);
  assert.equal(new Set(recipients).size, 20);
  assert.equal(recipients.length, 20);
});

test('without a mail server nothing is queued, and the caller hears so', async () => {
  const { smtp: _none, ...silent } = platform();
  const to = 'x@example.test';
  assert.equal(await queueMail(db.database.query, silent, { to, purpose: 'test', content }), false);
  assert.equal((await mails()).filter(mail => mail['recipient'] === to).length, 0);
});

test('what others wrote stays text: no header, no markup, no reordering', () => {
  const mail = composeMail({
    subject: 'You are invited to Evil\r\nBcc: all@example.test',
    paragraphs: ['<img src=x onerror=alert(1)> “a” & b', 'gnp.\u202Ecod.exe'],
    action: { label: '</a><script>', url: 'https://glacis.test/?a="><script>&b=1' },
  });
  assert.doesNotMatch(mail.subject, /[\r\n]/);
  assert.doesNotMatch(mail.html, /<img|<script/);
  assert.match(mail.html, /&lt;img src=x onerror=alert\(1\)&gt; “a” &amp; b/);
  assert.match(mail.html, /href="https:\/\/glacis\.test\/\?a=&quot;&gt;&lt;script&gt;&amp;b=1"/);
  assert.doesNotMatch(mail.text + mail.html, /\u202E/);
});

test('a recipient that looks like several or like a header reaches the server as one', async () => {
  const before = server.received.length;
  await queueMail(db.database.query, platform(), {
    to: 'a@example.test,b@example.test',
    purpose: 'test',
    content,
  });
  await round();
  for (const mail of server.received.slice(before)) assert.equal(mail.to.length, 1);
  await db.database.query('delete from control.mail');
});

test('links begin with the configured address', () => {
  assert.equal(webLink(platform(), '/reset', 'abc'), 'https://glacis.test/reset#abc');
});

test('a stranger can ask for a few mails to one address, and no more', async () => {
  const ask = (recipient: string, address = '192.0.2.1') =>
    spendMailAllowance(db.database.query, { purpose: 'reset', recipient, address });
  const answers = await Promise.allSettled(Array.from({ length: 12 }, () => ask('v@example.test')));
  assert.equal(answers.filter(answer => answer.status === 'fulfilled').length, 5);
  await assert.rejects(ask('V@example.test'), { code: 'auth.throttled' });
  await ask('other@example.test');
  for (let count = 0; count < 30; count += 1) await ask(`s${count}@example.test`).catch(() => {});
  await assert.rejects(ask('last@example.test'), { code: 'auth.throttled' });
  await ask('last@example.test', '192.0.2.2');
});
