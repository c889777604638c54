/** A child process that opens the ports of a share of the hosts, and ends with its parent. */
import { hostListeners } from './services/host-listeners.ts';
import { Listeners } from './services/listeners.ts';
import { shardOf, shardOrder } from './shards.ts';
import type { ShardReport } from './shards.ts';
import { CertificateStore } from './tls/certificate.ts';
import { buildWorld } from './world/build.ts';

const listeners = new Listeners();

function report(message: ShardReport): void {
  process.send?.(message);
}

process.once('message', message => {
  const order = shardOrder.parse(message);
  const world = buildWorld(order);
  const hosts = shardOf(world.hosts, order.index, order.count);
  listeners.open(hostListeners(hosts, new CertificateStore(world.seed))).then(
    () => report({ kind: 'ready' }),
    (error: unknown) =>
      report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
// The channel closes when the parent ends, however it ends.
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => undefined);
