import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { migrate, openDatabase, startEmbeddedPostgres, type EmbeddedPostgres } from '@glacis/db';
import type { Config, Logger } from '@glacis/foundation';

/** The database of the installation: embedded and kept running, or the user's own. */
export interface RunningDatabase {
  readonly url: string;
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Between attempts to start a database that died, ms. */
const RETRY_MS = 500;

/** Starts PostgreSQL unless DATABASE_URL names one, and migrates it. An embedded one that dies is started again on its port. */
export async function startDatabase(config: Config, log: Logger): Promise<RunningDatabase> {
  let isStopping = false;
  let embedded: EmbeddedPostgres | undefined;
  const folder = join(config.dataFolder, 'postgres');

  function watch(server: EmbeddedPostgres): void {
    void server.crashed.then(async reason => {
      log.error({ reason }, 'PostgreSQL is started again');
      for (;;) {
        if (isStopping) return;
        try {
          embedded = await startEmbeddedPostgres({ folder, log, port: server.port });
          watch(embedded);
          return;
        } catch (error) {
          log.warn({ err: error }, 'PostgreSQL could not be started again');
          await delay(RETRY_MS);
        }
      }
    });
  }
  if (!config.databaseUrl) {
    embedded = await startEmbeddedPostgres({ folder, log });
    watch(embedded);
  }
  const url = config.databaseUrl ?? embedded?.url ?? '';
  const database = openDatabase({ url, applicationName: 'glacis-migrate', log, maxConnections: 2 });
  try {
    await migrate(database, log);
  } catch (error) {
    isStopping = true;
    await embedded?.stop();
    throw error;
  } finally {
    await database.close();
  }
  return {
    url,
    pid: () => embedded?.pid,
    stop: async () => {
      isStopping = true;
      await embedded?.stop();
    },
  };
}
