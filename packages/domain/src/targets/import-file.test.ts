import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readImportFile } from './import-file.ts';

async function* pieces(bytes: Buffer, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string, size?: number) => readImportFile(pieces(Buffer.from(text), size));
const domains = async (text: string | Buffer): Promise<string[]> =>
  (await readImportFile(pieces(Buffer.from(text)))).targets.map(target => target.domain);

test('plain lines are domains, whatever ends them', async () => {
  assert.deepEqual(await domains('one.test\ntwo.test\r\n\r\n  Three.TEST  \n'), [
    'one.test',
    'two.test',
    'three.test',
  ]);
  assert.deepEqual(await domains('# a remark\none.test'), ['one.test']);
  assert.deepEqual(await domains(''), []);
});

test('columns come in any order when the first line names them, else in the usual one', async () => {
  const named = await read('Note,Group,Domain,Extra,Organization\nn,g,one.test,x,o\n');
  assert.deepEqual(named.targets, [
    { line: 2, domain: 'one.test', organisation: 'o', group: 'g', note: 'n' },
  ]);
  const plain = await read('one.test,o,g,n\n');
  assert.deepEqual(plain.targets, [
    { line: 1, domain: 'one.test', organisation: 'o', group: 'g', note: 'n' },
  ]);
});

test('semicolons and tabs separate too, and quotes hold separators and line breaks', async () => {
  for (const separator of [',', ';', '\t']) {
    // A tab is a control character: within a name it is refused.
    const within = separator === '\t' ? ',' : separator;
    const text =
      ['domain', 'organisation', 'note'].join(separator) +
      `\none.test${separator}"A${within}B"${separator}"two\nlines ""quoted"""\nbad${separator}x\n`;
    const file = await read(text);
    assert.deepEqual(file.targets, [
      { line: 2, domain: 'one.test', organisation: `A${within}B`, group: '', note: 'two\nlines "quoted"' },
    ]);
    assert.deepEqual(
      file.errors.map(error => error.line),
      [4],
      'a line break within quotes counts',
    );
  }
});

test('byte order marks choose the encoding', async () => {
  const text = 'domain,note\nbücher.test,Grüße\n';
  const little = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
  const big = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]).swap16();
  const utf8 = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]);
  for (const bytes of [little, big, utf8, Buffer.from(text)]) {
    for (const size of [1, 3, bytes.length]) {
      const file = await readImportFile(pieces(bytes, size));
      assert.deepEqual(
        file.targets.map(target => [target.domain, target.note]),
        [['xn--bcher-kva.test', 'Grüße']],
      );
    }
  }
});

test('Latin-1 is refused with a sentence that says what to do', async () => {
  await assert.rejects(readImportFile(pieces(Buffer.from('one.test,o,g,Grüße\n', 'latin1'))), /CSV UTF-8/);
  const late = Buffer.concat([Buffer.from('one.test\n'.repeat(5000)), Buffer.from('é', 'latin1')]);
  await assert.rejects(readImportFile(pieces(late, 4096)), /not UTF-8/);
});

test('each wrong line is told with its number; the others count', async () => {
  const file = await read(
    'good.test\nco.uk\nno domain\nx.test,,group\ngood.test\ny.test,o,g,\u0007\nlast.test',
  );
  assert.deepEqual(
    file.targets.map(target => target.domain),
    ['good.test', 'last.test'],
  );
  assert.deepEqual(
    file.errors.map(error => error.line),
    [2, 3, 4, 6],
  );
  assert.equal(file.repeated, 1);
  assert.equal(file.lines, 7);
});

test('a quote without end does not swallow the file without a word', async () => {
  const file = await read(`one.test\n"two.test\n${'x.test\n'.repeat(3000)}`);
  assert.equal(file.targets[0]?.domain, 'one.test');
  assert.match(file.errors.at(-1)?.message ?? '', /From here on nothing could be read/);
});

test('a line beyond the limit is refused, and so is what is no text at all', async () => {
  await assert.rejects(read('a.test\n'.repeat(100_001), 65_536), /more than 100000 lines/);
  const binary = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 256));
  await assert.rejects(readImportFile(pieces(binary)), /not UTF-8/);
});
