/** The server process: HTTP API, live feeds and the web app. Its parent tells it the port and hears when it listens. */
import { join } from 'node:path';
import { messageOf, readConfig } from '@glacis/foundation';
import { openPlatform, startCaretaker } from '@glacis/domain';
import { createRegistry } from '@glacis/engine';
import { scanners } from '@glacis/scanners';
import { composeServer } from './compose.ts';

const config = readConfig();
const registry = createRegistry(scanners);
const platform = await openPlatform({
  config,
  processName: 'server',
  registry,
  isKeeper: true,
  maxConnections: 20,
});
const caretaker = startCaretaker(platform);
const server = composeServer(platform, join(import.meta.dirname, '..', '..', 'web', 'dist'));

async function stop(): Promise<void> {
  await server.close();
  await caretaker.stop();
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
