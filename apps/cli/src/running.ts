import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlatform, type OpenPlatform } from '@glacis/domain';
import { createRegistry } from '@glacis/engine';
import { createLogger, readConfig, UserError, withDataFolder } from '@glacis/foundation';
import { scanners } from '@glacis/scanners';
import { z } from 'zod';
import { dataFolderOf } from './up/data-folder.ts';

const runFile = z.object({
  address: z.string(),
  databaseUrl: z.string(),
  supervisor: z.number().int().positive(),
});

/** The platform that `glacis up` runs with this data folder, as seen from another command. */
export interface Running {
  readonly address: string;
  readonly platform: OpenPlatform;
}

/** Joins the running platform of this machine. @throws UserError when it does not run. */
export async function joinRunning(): Promise<Running> {
  const given = readConfig();
  const config = withDataFolder(given, dataFolderOf(given));
  const run = readRunFile(join(config.dataFolder, 'run.json'));
  if (!run || !isAlive(run.supervisor)) {
    throw new UserError(
      'config.not-running',
      `Glacis does not run with the data folder ${config.dataFolder}. Start it with npm start, in another terminal.`,
    );
  }
  const platform = await openPlatform({
    config: {
      ...config,
      databaseUrl: run.databaseUrl,
      publicUrl: config.isPublicUrlGiven ? config.publicUrl : run.address,
    },
    processName: 'cli',
    registry: createRegistry(scanners),
    maxConnections: 3,
    log: createLogger({ name: 'cli', level: 'error' }),
  });
  return { address: run.address, platform };
}

function readRunFile(file: string): z.output<typeof runFile> | undefined {
  try {
    return runFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
