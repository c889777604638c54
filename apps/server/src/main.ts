/** The server process: HTTP API, live feeds and the web app. Its parent tells it the port and hears when it listens. */
import { join } from 'node:path';
import { messageOf, readConfig } from '@glacis/foundation';
import { openPlatform, routes } from '@glacis/domain';
import { createRegistry } from '@glacis/engine';
import { scanners } from '@glacis/scanners';
import { addDocs } from './docs.ts';
import { createHttpServer } from './http.ts';
import { addLiveFeed } from './live.ts';
import { addWebApp } from './static.ts';

const config = readConfig();
const registry = createRegistry(scanners);
const platform = await openPlatform({
  config,
  processName: 'server',
  registry,
  isKeeper: true,
  maxConnections: 20,
});
const server = createHttpServer(platform);
server.get('/api/health', { config: { declared: { access: 'public' } } }, async () => {
  await platform.database.query('select 1');
  return { status: 'ok' };
});
addLiveFeed(server, platform);
addDocs(server, routes);
addWebApp(server, join(import.meta.dirname, '..', '..', 'web', 'dist'));

async function stop(): Promise<void> {
  await server.close();
  await platform.close();
  process.exit(0);
}
process.on('disconnect', () => void stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());

try {
  await server.listen({ host: '127.0.0.1', port: config.port });
  process.send?.({ type: 'ready', port: config.port });
} catch (error) {
  process.send?.({
    type: 'failed',
    message: messageOf(error),
    code: error instanceof Error && 'code' in error ? error.code : undefined,
  });
  process.exitCode = 1;
  await platform.close();
  process.disconnect?.();
}
