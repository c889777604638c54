import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Extract, Header } from 'tar-stream';
import { ArchiveError } from './error.ts';
import { RATIO_FROM_BYTES, sizeInWords } from './limits.ts';
import type { ArchiveLimits } from './limits.ts';

/** Where an archive comes from: a path, its bytes, or a stream of them. */
export type ArchiveSource = string | Uint8Array | AsyncIterable<Uint8Array>;

/** A file of an archive, its bytes still to come: they can be read until the next member is asked for. */
export interface TarMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

function sourceStream(source: ArchiveSource): Readable {
  if (typeof source === 'string') return createReadStream(source);
  return source instanceof Uint8Array
    ? Readable.from([source], { objectMode: false })
    : Readable.from(source, { objectMode: false });
}

/** Counts what passes, and ends the stream with an error at a limit. */
class Gauge extends Transform {
  bytes = 0;
  readonly #check: (bytes: number) => ArchiveError | undefined;

  constructor(check: (bytes: number) => ArchiveError | undefined) {
    super();
    this.#check = check;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.byteLength;
    const error = this.#check(this.bytes);
    if (error) done(error);
    else done(null, chunk);
  }
}

/** The first bytes, and a stream of all of them. */
async function readStart(source: Readable): Promise<{ start: Buffer; whole: Readable }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const iterator = source.iterator({ destroyOnReturn: false });
  while (size < 512) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    const chunk = Buffer.from(value as Uint8Array);
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  const start = Buffer.concat(chunks);
  const whole = Readable.from(
    (async function* rest() {
      if (start.byteLength > 0) yield start;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
        yield next.value as Uint8Array;
    })(),
    { objectMode: false },
  );
  whole.once('close', () => source.destroy());
  return { start, whole };
}

function tooLarge(limit: number): ArchiveError {
  return new ArchiveError(
    'archive-too-large',
    `The archive holds more than ${sizeInWords(limit)}, the most allowed: export fewer objects at a time, or raise the limit.`,
  );
}

/** A path inside an archive in two parts at most; undefined for a folder. */
function memberName({ name, type }: Header): string | undefined {
  if (type === 'directory') return undefined;
  const clean = name.replace(/^(?:\.\/)+/, '');
  const hasBadPart = clean.split('/').some(part => part === '..' || part === '');
  if (clean.startsWith('/') || hasBadPart || /[\\\p{Cc}]/u.test(clean) || clean.length > 600)
    throw new ArchiveError(
      'member-name',
      `The archive has a member called ${JSON.stringify(name.slice(0, 100))}, which would lead out of its folder: it was not made by an export, so do not trust it.`,
      name,
    );
  if (type !== 'file' && type !== 'contiguous-file')
    throw new ArchiveError(
      'member-kind',
      `The member ${JSON.stringify(clean.slice(0, 100))} is a ${type === 'link' ? 'hard link' : type}, and only plain files are allowed: pack the archive again without links and devices.`,
      clean,
    );
  return clean;
}

function damaged(error: unknown, source: ArchiveSource): unknown {
  if (error instanceof ArchiveError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const name = typeof source === 'string' ? basename(source) : 'The archive';
  if (code === 'ENOENT')
    return new ArchiveError('not-an-archive', `There is no file ${name}: check its path.`);
  if (code === 'EISDIR')
    return new ArchiveError('not-an-archive', `${name} is a folder, not an archive: pack it first.`);
  const isDamage = code.startsWith('Z_') || /header|tar|unexpected end|premature close/i.test(error.message);
  return isDamage
    ? new ArchiveError(
        'archive-damaged',
        `The archive is damaged or cut off (${error.message.slice(0, 100)}): export or download it again.`,
      )
    : error;
}

interface Pipe {
  readonly members: Extract;
  end(): void;
}

async function openPipe(source: ArchiveSource, limits: ArchiveLimits): Promise<Pipe> {
  const { start, whole: input } = await readStart(sourceStream(source));
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  const isTar = start.subarray(257, 262).toString('latin1') === 'ustar';
  if (!isGzip && !isTar) {
    input.destroy();
    throw new ArchiveError(
      'not-an-archive',
      start.subarray(0, 2).toString('latin1') === 'PK'
        ? 'This is a ZIP file: unpack it, and give the .tar.gz that is inside, or export again as .tar.gz.'
        : 'This is no .tar.gz archive: give the file that an export wrote.',
    );
  }
  const packed = new Gauge(bytes =>
    bytes > limits.compressedBytes ? tooLarge(limits.compressedBytes) : undefined,
  );
  const unpacked = new Gauge(bytes => {
    if (bytes > limits.totalBytes) return tooLarge(limits.totalBytes);
    if (bytes > RATIO_FROM_BYTES && bytes > packed.bytes * limits.ratio)
      return new ArchiveError(
        'archive-bomb',
        `The archive unpacks to more than ${limits.ratio} times its size, as only a made-up one does: do not trust it.`,
      );
    return undefined;
  });
  const reader = extract();
  const stages = isGzip ? [input, packed, createGunzip(), unpacked] : [input, packed, unpacked];
  const end = (error?: Error): void => {
    for (const stage of stages) stage.destroy();
    reader.destroy(error);
  };
  for (const [index, stage] of stages.entries()) {
    stage.on('error', error => end(error));
    const next = stages[index + 1];
    if (next instanceof Transform) stage.pipe(next);
  }
  unpacked.pipe(reader);
  return { members: reader, end };
}

/** Reads the plain files of a `.tar.gz` (or `.tar`) one after the other; refuses what could do harm. */
export async function* readTar(source: ArchiveSource, limits: ArchiveLimits): AsyncGenerator<TarMember> {
  let pipe: Pipe | undefined;
  try {
    pipe = await openPipe(source, limits);
    let count = 0;
    for await (const entry of pipe.members) {
      const { header } = entry;
      const sizeBytes = header.size;
      count += 1;
      if (count > limits.members)
        throw new ArchiveError(
          'too-many-members',
          `The archive has more than ${limits.members} members: export fewer objects at a time.`,
        );
      const name = memberName(header);
      if (sizeBytes > limits.fileBytes)
        throw new ArchiveError(
          'member-too-large',
          `${name ?? ''} has ${sizeInWords(sizeBytes)}, and ${sizeInWords(limits.fileBytes)} are allowed for one file: export again without it.`,
          name,
        );
      let isRead = false;
      const bytes = async function* read(): AsyncGenerator<Uint8Array> {
        isRead = true;
        for await (const chunk of entry) yield chunk as Uint8Array;
      };
      if (name !== undefined) yield { name, sizeBytes, bytes: bytes() };
      // What the caller did not read has to pass before the next member comes.
      if (!isRead) entry.resume();
    }
  } catch (error) {
    throw damaged(error, source);
  } finally {
    pipe?.end();
  }
}
