import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from './error.ts';

/** A file that belongs to a design, template, project or notes. Its bytes are read when they are wanted. */
export interface ArchiveFile {
  readonly name: string;
  readonly sizeBytes: number;
  open(): Readable;
}

/** A file whose bytes are in memory. */
export function fileFromBytes(name: string, bytes: Uint8Array): ArchiveFile {
  return { name, sizeBytes: bytes.byteLength, open: () => Readable.from([bytes], { objectMode: false }) };
}

/** A file on disk. */
export function fileFromPath(name: string, path: string, sizeBytes: number): ArchiveFile {
  return { name, sizeBytes, open: () => createReadStream(path) };
}

/** All bytes of a file, for small ones. */
export async function readBytes(file: ArchiveFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.open()) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** SHA-256 of a file as hexadecimal text. */
export async function hashFile(file: ArchiveFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of file.open()) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** A folder of its own for the members of one archive, so that memory does not grow with them. */
export interface Spool extends AsyncDisposable {
  write(name: string, bytes: AsyncIterable<Uint8Array>): Promise<ArchiveFile & { readonly path: string }>;
}

/** Makes a spool under a folder (the system's temporary one by default); disposing it removes all that was written. */
export async function makeSpool(parent: string = tmpdir()): Promise<Spool> {
  const folder = await mkdtemp(join(parent, 'report-kit-'));
  return {
    async write(name, bytes) {
      // The name in the archive never becomes a path here.
      const path = join(folder, randomUUID());
      let sizeBytes = 0;
      await pipeline(
        bytes,
        async function* count(chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            sizeBytes += chunk.byteLength;
            yield chunk;
          }
        },
        createWriteStream(path, { flags: 'wx', mode: 0o600 }),
      );
      return { ...fileFromPath(name, path, sizeBytes), path };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Refuses a name that could leave its folder or mean something to a file system. */
export function checkFileName(name: string, member: string): void {
  if (name === '' || name === '.' || name === '..' || name.length > 255 || /[/\\\p{Cc}]/u.test(name))
    throw new ArchiveError(
      'member-name',
      `The file name ${JSON.stringify(name.slice(0, 100))} is not allowed: rename it without slashes and control characters.`,
      member,
    );
}
