import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { archiveToFolder, folderToArchive, readSource, writeArchiveFile } from '../archives/index.ts';
import { RenderError } from '../message.ts';
import { readArguments, usageError } from './arguments.ts';
import { messageLine } from './report.ts';

const isArchiveName = (path: string): boolean => /\.(tar\.gz|tgz)$/i.test(path);

/** `report-kit convert FROM TO`: an archive as a folder of plain files, or such a folder, or a file of TOML, as an archive. */
export async function convertCommand(args: readonly string[]): Promise<number> {
  const { positionals } = readArguments({ args: [...args], allowPositionals: true, options: {} });
  const [from, to, ...more] = positionals;
  if (from === undefined || to === undefined || more.length > 0 || isArchiveName(from) === isArchiveName(to))
    throw usageError(
      'Say: report-kit convert FILE.tar.gz FOLDER, or report-kit convert FOLDER|FILE.toml FILE.tar.gz.',
    );
  const target = resolve(to);
  if (await stat(target).catch(() => undefined))
    throw new RenderError('output-exists', `${target} is there already: give another name.`);
  const messages = isArchiveName(from) ? await archiveToFolder(resolve(from), target) : [];
  if (/\.toml$/i.test(from)) await writeArchiveFile([await readSource(from)], target);
  else if (!isArchiveName(from)) await folderToArchive(resolve(from), target);
  for (const message of messages) process.stderr.write(`${messageLine(message)}\n`);
  process.stdout.write(`${target}\n`);
  return 0;
}
