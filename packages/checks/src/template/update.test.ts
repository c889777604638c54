import assert from 'node:assert/strict';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { serveHttp, template } from '../../test/loopback.ts';
import { selfSigned } from '../../test/self-signed.ts';
import type { Transport } from '../http/transport.ts';
import { socketTransport } from '../http/transport.ts';
import { updateTemplates } from './update.ts';

const home = mkdtempSync(join(tmpdir(), 'checks-update-'));
after(() => rmSync(home, { recursive: true, force: true }));
const [from, to, certificateFile] = [join(home, 'from'), join(home, 'to'), join(home, 'cert.pem')];
const own = selfSigned('signer.test', 'Org', 9);
const other = selfSigned('other.test', 'Org', 9);
writeFileSync(certificateFile, own.cert);
beforeEach(() => {
  for (const folder of [from, to]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(from, 'http'), { recursive: true });
});

const body = (id: string): string =>
  template("http:\n  - path: ['{{BaseURL}}']\n    matchers: [{type: status, status: [200]}]", id).trimEnd();

/** A template with the signature line that collections end theirs with; `change` comes in behind the signing. */
function signed(id: string, key: string, change = ''): string {
  const proof = sign('sha256', Buffer.from(body(id)), createPrivateKey(key)).toString('hex');
  return `${body(id)}${change}\n# digest: ${proof}:922c64590222798bb761d5b6d8e72950\n`;
}

test('with a certificate only what is signed for it and unchanged is taken', async () => {
  const files = {
    'good.yaml': signed('good', own.key),
    'windows.yaml': signed('windows', own.key).replace('\n# digest', '\r\n# digest'),
    'changed.yaml': signed('changed', own.key, ' # changed'),
    'foreign.yaml': signed('foreign', other.key),
    'unsigned.yaml': body('unsigned'),
    'garbage.yaml': `${body('garbage')}\n# digest: 00ff:922c\n`,
    'refused.yaml': signed('refused', own.key).replace('http:', 'headless:'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(from, 'http', name), text);
  const summary = await updateTemplates({ from, to, certificateFile });
  assert.deepEqual(readdirSync(join(to, 'http')).sort(), ['good.yaml', 'windows.yaml']);
  assert.equal(summary.taken, 2);
  assert.deepEqual(
    summary.refused.map(({ file, reason }) => `${file} ${reason}`).sort(),
    ['changed', 'foreign', 'garbage', 'refused', 'unsigned'].map(
      id => `http/${id}.yaml not signed for the given certificate`,
    ),
  );
  const all = await updateTemplates({ from, to });
  assert.deepEqual([all.taken, all.refused.map(({ reason }) => reason)], [6, ['unsupported: headless']]);
});

test('what the collection ignores or leads out of the folder is left out, and what templates read comes along', async () => {
  writeFileSync(join(from, '.nuclei-ignore'), 'files:\n  - http/out.yaml\n');
  writeFileSync(join(from, 'http', 'out.yaml'), body('out'));
  writeFileSync(join(from, 'http', 'in.yaml'), body('in'));
  writeFileSync(join(from, 'http', 'words.txt'), 'a\n');
  const summary = await updateTemplates({ from, to });
  assert.deepEqual(summary, { taken: 1, refused: [], ignored: 1, others: 2 });
  assert.deepEqual(readdirSync(join(to, 'http')).sort(), ['in.yaml', 'words.txt']);
});

/** A tar archive of files, as releases are packed. */
function archive(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write(text.length.toString(8).padStart(11, '0'), 124);
    head.write('0', 156);
    return [head, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0'))];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

test('an archive is fetched over the given transport, with verified certificates, and only with its digest', async () => {
  const packed = archive({ 'release/http/a.yaml': body('a'), 'release/../../evil.yaml': body('evil') });
  const digest = createHash('sha256').update(packed).digest('hex');
  await using server = await serveHttp((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/x.tar.gz' }).end();
    else if (request.url === '/x.tar.gz.sha256') response.end(`${digest}  x.tar.gz\n`);
    else if (request.url === '/x.tar.gz') response.end(packed);
    else response.writeHead(404).end();
  });
  const opened: boolean[] = [];
  const transport: Transport = {
    connect: (host, port, options) => {
      opened.push(options.isVerified === true);
      return socketTransport.connect(host, port, options);
    },
  };
  const update = (path: string, sha256?: string) =>
    updateTemplates({ from: server.url + path, to, transport, ...(sha256 === undefined ? {} : { sha256 }) });
  assert.equal((await update('/x.tar.gz')).taken, 1);
  assert.deepEqual(readdirSync(to), ['http']);
  assert.ok(!existsSync(join(home, 'evil.yaml')) && !existsSync(join(home, '..', 'evil.yaml')));
  assert.deepEqual(opened, [true, true]);
  assert.equal((await update('/moved', digest)).taken, 1);
  await assert.rejects(update('/x.tar.gz', '00'), /digest of the archive is .* nothing was changed/);
  await assert.rejects(update('/missing', digest), /answers 404/);
  assert.deepEqual(readdirSync(join(to, 'http')), ['a.yaml']);
});
