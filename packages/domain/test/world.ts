import { createTestDatabase } from '@glacis/db/testing';
import { CLOSING_QUEUE, createRegistry, defineScanner, queueOf } from '@glacis/engine';
import { DnsClient, networkProfile, newSecretKey, silentLogger, type TenantId } from '@glacis/foundation';
import { openQueue } from '@glacis/queue';
import { openHub, type Change } from '@glacis/realtime';
import { fileBlobStore } from '@glacis/storage';
import type { TenantTransaction } from '@glacis/db';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { openAuditTrail } from '../src/audit/trail.ts';
import { createTokenSigner } from '../src/identity/token-signer.ts';
import { openRateLimiter } from '../src/limits/open-limiter.ts';
import { openMail } from '../src/mail/outbox.ts';
import type { Platform } from '../src/platform.ts';
import { startNameServer, type Zone } from './name-server.ts';

/** Names below `.test` are asked of the world's own name server; web servers may be in this range. */
export const WEB_RANGE = '127.1.9.0/24';

/** A scanner that gets every domain and that no worker of the test takes. */
const idleScanner = defineScanner({
  id: 'idle',
  title: 'Idle',
  description: 'Waits.',
  consumes: ['domain'],
  produces: [],
  reports: [],
  mode: 'active',
  risk: 'safe',
  options: z.object({}),
  batchSize: 10,
  timeoutMs: 1000,
  run: async function* () {
    yield* [];
  },
});
/** The same for scans that are not allowed to be active. */
const watchingScanner = defineScanner({ ...idleScanner, id: 'watching', mode: 'passive' });

const mailRow = z.object({ id: z.string(), recipient: z.string(), sealed: z.instanceof(Buffer) });

/** The slices with a real database, queue, hub and name server, and the outbox. */
export async function createDomainWorld() {
  const db = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'glacis-domain-test-'));
  const registry = createRegistry([idleScanner, watchingScanner]);
  const queue = await openQueue({
    database: db.database,
    log: silentLogger,
    install: { queues: [...registry.all.map(queueOf), CLOSING_QUEUE] },
  });
  const hub = await openHub(db.database, silentLogger);
  const zone: Zone = new Map();
  const names = await startNameServer(zone);
  const profile = networkProfile.parse({
    zones: ['test'],
    resolvers: [names.resolver],
    allowedPrivateRanges: [WEB_RANGE],
    ratePerAddress: 1000,
    burstPerAddress: 1000,
  });
  const masterKey = newSecretKey();
  const audit = openAuditTrail(db.database, silentLogger);
  const changes: Change[] = [];
  hub.subscribe(change => change && changes.push(change));
  const keys = new Map<TenantId, ReturnType<typeof newSecretKey>>();
  const platform: Platform = {
    database: db.database,
    queue,
    hub,
    blobs: fileBlobStore(folder),
    registry,
    profiles: () => [profile],
    log: silentLogger,
    lookupTxt: async (name, { resolvers }) => {
      const client = new DnsClient(resolvers, AbortSignal.timeout(1500));
      try {
        const answer = await client.query(name, 'TXT');
        if (answer.status === 'failed') throw new Error(answer.detail ?? 'no resolver answered');
        return answer.records.filter(record => record.type === 'TXT').map(record => record.value);
      } finally {
        client.close();
      }
    },
    audit,
    keyOf: async tenant => keys.get(tenant) ?? newSecretKey(),
    masterKey,
    limiter: openRateLimiter(db.database, silentLogger, { limits: {} }),
    tokenSigner: createTokenSigner(db.database, masterKey, silentLogger),
    publicUrl: 'https://glacis.test',
    privateProviders: [],
    smtp: { url: 'smtp://127.0.0.1:9', from: 'Glacis <glacis@glacis.test>' },
  };
  return {
    db,
    platform,
    zone,
    /** The mail that was put into the outbox last. */
    lastMail: async () => {
      const { rows } = await db.database.query('select * from control.mail order by id desc limit 1');
      const { id, recipient, sealed } = mailRow.parse(rows[0]);
      return { to: recipient, ...openMail(masterKey, id, sealed) };
    },
    changes,
    profile,
    /** A tenant and how to work in it. */
    tenant: async (slug?: string) => {
      const { id, key } = await db.createTenant(slug);
      keys.set(id, key);
      return {
        id,
        within: <T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T> =>
          db.database.inTenant(id, work),
      };
    },
    close: async () => {
      await audit.close();
      await hub.close();
      await queue.close();
      await names.close();
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type DomainWorld = Awaited<ReturnType<typeof createDomainWorld>>;
