import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Message } from '../message.ts';
import { readFolder, writeFolder } from './folder.ts';
import { readArchive } from './read.ts';
import type { ReadOptions } from './read.ts';
import { writeArchive } from './write.ts';
import type { WritableEntry, WriteOptions } from './write.ts';

/** Writes an archive to a path; on a fault the path is left as it was. */
export async function writeArchiveFile(
  entries: readonly WritableEntry[],
  path: string,
  options: WriteOptions = {},
): Promise<void> {
  const unfinished = `${path}.unfinished-${randomUUID()}`;
  try {
    await pipeline(writeArchive(entries, options), createWriteStream(unfinished, { flags: 'wx' }));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** An archive as a folder of plain files. */
export async function archiveToFolder(
  archive: string,
  folder: string,
  options: ReadOptions = {},
): Promise<readonly Message[]> {
  await using read = await readArchive(archive, options);
  await writeFolder(read.entries, folder);
  return read.messages;
}

/** A folder of plain files as an archive. */
export async function folderToArchive(folder: string, archive: string): Promise<void> {
  await writeArchiveFile(await readFolder(folder), archive);
}
