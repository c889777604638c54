import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectLevel, Role } from '@glacis/contract';
import { sql } from '@glacis/db';
import { createTestDatabase } from '@glacis/db/testing';
import {
  closeScan,
  createGroup,
  createKeyRing,
  createOrganisation,
  createProject,
  createSignInLink,
  createTarget,
  createTenant,
  createTokenSigner,
  launchScan,
  openAuditTrail,
  openRateLimiter,
  requestReport,
  REPORT_QUEUE,
  startSession,
  setMemberScope,
  type Platform,
} from '@glacis/domain';
import {
  CLOSING_QUEUE,
  createRegistry,
  defineScanner,
  ingest,
  queueOf,
  readScan,
  sortObservations,
} from '@glacis/engine';
import {
  DEFAULT_RATE_LIMITS,
  networkProfile,
  newId,
  newSecretKey,
  sha256,
  silentLogger,
  type RateLimits,
  type TenantId,
} from '@glacis/foundation';
import { openQueue } from '@glacis/queue';
import { openHub } from '@glacis/realtime';
import { fileBlobStore } from '@glacis/storage';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { composeServer } from '../src/compose.ts';

/** A scanner that never gets anything to look at: engines can name it. */
const idleScanner = defineScanner({
  id: 'idle',
  title: 'Idle',
  description: 'Looks at e-mail addresses and finds nothing.',
  consumes: ['email'],
  produces: [],
  reports: [],
  mode: 'passive',
  risk: 'safe',
  options: z.object({ words: z.array(z.string().max(50)).max(10).default([]) }),
  batchSize: 10,
  timeoutMs: 1000,
  run: async function* () {
    yield* [];
  },
});

/** What one tenant of the world has: one thing of each kind, all with the tenant's slug in their names. */
export interface Surface {
  readonly tenant: TenantId;
  readonly slug: string;
  readonly domain: string;
  readonly users: Readonly<Record<Role, string>>;
  readonly ids: Readonly<
    Record<'targets' | 'scans' | 'assets' | 'findings' | 'reports' | 'projects' | 'organisations', string>
  >;
}

/** The code that {@link World.mailedTarget} waits for. */
export const MAILED_CODE = 'abcde-fghij';

/** Two companies on one server, with a real database, queue, hub and blob store. */
export interface World {
  readonly platform: Platform;
  readonly server: FastifyInstance;
  readonly alpha: Surface;
  readonly beta: Surface;
  readonly webFolder: string;
  /** Cookie of a fresh session of a user. */
  signIn(userId: string): Promise<string>;
  /** A target of its own, for calls that change or remove one. */
  freshTarget(of: Surface): Promise<string>;
  /** A member of its own. */
  freshMember(of: Surface, role?: Role): Promise<string>;
  /** An administrator of the platform who belongs to no tenant. */
  platformAdmin(): Promise<string>;
  /** Support access of its own. */
  freshSupport(of: Surface): Promise<string>;
  /** An invitation that nobody has accepted. */
  freshInvitation(of: Surface): Promise<string>;
  /** A scan that runs until it is cancelled, and its target. */
  runningScan(of: Surface): Promise<string>;
  /** The same as a surface has once more, in the same tenant but in a project of its own. */
  besides(of: Surface, slug: string): Promise<Surface>;
  /** A group in an organisation of its own. */
  freshGroup(of: Surface): Promise<{ id: string; organisationId: string }>;
  /** A project of its own, without anything in it. */
  freshProject(of: Surface): Promise<string>;
  /** A member who sees only projects: the surface's, with a level. */
  projectMember(of: Surface, role: Role, level: ProjectLevel): Promise<string>;
  /** A target to which {@link MAILED_CODE} was mailed. */
  mailedTarget(of: Surface): Promise<string>;
  close(): Promise<void>;
}

/** How a world differs from the usual one. */
export type WorldOptions = Partial<
  Pick<Platform, 'stripe' | 'smtp' | 'publicUrl' | 'privateProviders' | 'tenantDomain'>
> & {
  /** Limits of requests; left out: the usual ones. */
  readonly limits?: RateLimits;
};

/** Makes the world; each test file has its own. Mails are queued and nobody sends them, unless the file does. */
export async function createWorld({
  limits = DEFAULT_RATE_LIMITS,
  ...options
}: WorldOptions = {}): Promise<World> {
  const db = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'glacis-server-test-'));
  const { database } = db;
  const masterKey = newSecretKey();
  const registry = createRegistry([idleScanner]);
  const queue = await openQueue({
    database,
    log: silentLogger,
    install: { queues: [queueOf(idleScanner), CLOSING_QUEUE, REPORT_QUEUE] },
  });
  const hub = await openHub(database, silentLogger);
  const profile = networkProfile.parse({ zones: ['test'], resolvers: ['127.0.0.1:9'] });
  const challenges = new Map<string, string>();
  const platform: Platform = {
    database,
    queue,
    hub,
    blobs: fileBlobStore(join(folder, 'blobs')),
    registry,
    profiles: () => [profile],
    log: silentLogger,
    // Every challenge is published the moment it is made.
    lookupTxt: async name => [challenges.get(name)].filter(value => value !== undefined),
    audit: openAuditTrail(database, silentLogger),
    limiter: openRateLimiter(database, silentLogger, { limits }),
    keyOf: createKeyRing(database, masterKey, hub),
    masterKey,
    tokenSigner: createTokenSigner(database, masterKey, silentLogger),
    publicUrl: 'https://glacis.test',
    privateProviders: [],
    smtp: { url: 'smtp://127.0.0.1:9', from: 'Glacis <glacis@glacis.test>' },
    ...options,
  };
  const webFolder = join(folder, 'dist');
  const server = composeServer(platform, webFolder);
  let counter = 0;

  async function target(tenant: TenantId, domain: string): Promise<string> {
    const made = await database.inTenant(tenant, tx => createTarget(tx, domain, null));
    challenges.set(made.proof.record.name, made.proof.record.value);
    return made.id;
  }
  const world: World = {
    platform,
    server,
    webFolder,
    alpha: await createSurface(platform, 'alpha', target),
    beta: await createSurface(platform, 'beta', target),
    signIn: async userId => {
      const link = await createSignInLink(database, userId);
      const response = await server.inject({ method: 'POST', url: '/api/session', payload: { link } });
      const cookie = String(response.headers['set-cookie']).split(';')[0] ?? '';
      if (cookie.startsWith('glacis_session=')) return cookie;
      // The person has a second factor, and the file is about something else.
      const origin = { address: '127.0.0.1', userAgent: '' };
      return `glacis_session=${await startSession(database, { userId, methods: ['link'] }, origin)}`;
    },
    freshTarget: of => target(of.tenant, `fresh-${(counter += 1)}.${of.domain}`),
    freshMember: (of, role = 'observer') =>
      createUser(platform, of.tenant, `${newId()}@${of.slug}.test`, role),
    platformAdmin: async () => {
      const id = newId();
      await sql`insert into control.user_account (id, email, is_platform_admin)
        values (${id}, ${`${id}@platform.test`}, true)`.execute(database.control);
      return id;
    },
    freshSupport: async of => {
      const id = newId();
      await sql`insert into control.support_grant (id, tenant_id, role, expires_at)
        values (${id}, ${of.tenant}, 'observer', now() + interval '1 hour')`.execute(database.control);
      return id;
    },
    freshInvitation: async of => {
      const id = newId();
      await sql`insert into control.invitation (id, tenant_id, email, role, token_hash, expires_at)
        values (${id}, ${of.tenant}, ${`${id}@${of.slug}.test`}, 'observer', ${id}, now() + interval '1 day')`.execute(
        database.control,
      );
      return id;
    },
    runningScan: async of => {
      const targetId = await target(of.tenant, `running-${(counter += 1)}.${of.domain}`);
      const scan = await launchScan(platform, of.tenant, {
        targetIds: [targetId],
        engine: {},
        userId: null,
      });
      await database.inTenant(of.tenant, tx =>
        sql`update scan set state = 'running', open_jobs = 1 where id = ${scan.id}`.execute(tx.sql),
      );
      return scan.id;
    },
    besides: async (of, slug) => {
      const domain = `${slug}-corp.test`;
      const targetId = await target(of.tenant, domain);
      return {
        ...of,
        slug,
        domain,
        ids: await populate(platform, { tenant: of.tenant, slug, domain, targetId }),
      };
    },
    freshGroup: of =>
      database.inTenant(of.tenant, async tx => {
        const { id: organisationId } = await createOrganisation(tx, { name: newId(), note: '' });
        const { groups } = await createGroup(tx, { organisationId, name: newId() });
        return { id: groups[0]?.id ?? '', organisationId };
      }),
    freshProject: of =>
      database.inTenant(
        of.tenant,
        async tx => (await createProject(tx, { name: `Project ${newId()}`, note: '', userId: null })).id,
      ),
    projectMember: async (of, role, level) => {
      const userId = await createUser(platform, of.tenant, `${newId()}@${of.slug}.test`, role);
      await setMemberScope(database, of.tenant, { userId, scope: 'projects' });
      await database.inTenant(of.tenant, tx =>
        sql`insert into project_member (project_id, user_id, level) values (${of.ids.projects}, ${userId}, ${level})`.execute(
          tx.sql,
        ),
      );
      return userId;
    },
    mailedTarget: async of => {
      const id = await target(of.tenant, `mailed-${(counter += 1)}.${of.domain}`);
      await database.inTenant(of.tenant, tx =>
        sql`insert into proof_mail (target_id, mailbox, code_hash, expires_at)
          values (${id}, 'admin', ${sha256(MAILED_CODE)}, now() + interval '1 hour')`.execute(tx.sql),
      );
      return id;
    },
    close: async () => {
      await server.close();
      await platform.audit.close();
      await hub.close();
      await queue.close();
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

async function createSurface(
  platform: Platform,
  slug: string,
  target: (tenant: TenantId, domain: string) => Promise<string>,
): Promise<Surface> {
  const { database, masterKey } = platform;
  const { id: tenant, adminId = '' } = await createTenant(database, masterKey, {
    slug,
    name: `The ${slug} company`,
    admin: { email: `admin@${slug}.test`, name: 'Admin' },
  });
  const users = {
    admin: adminId,
    operator: await createUser(platform, tenant, `operator@${slug}.test`, 'operator'),
    observer: await createUser(platform, tenant, `observer@${slug}.test`, 'observer'),
  };
  const domain = `${slug}-corp.test`;
  const targetId = await target(tenant, domain);
  return { tenant, slug, domain, users, ids: await populate(platform, { tenant, slug, domain, targetId }) };
}

/** Fills a target with a scan, a website, a finding, a report and a project that holds it. */
async function populate(
  platform: Platform,
  { tenant, slug, domain, targetId }: { tenant: TenantId; slug: string; domain: string; targetId: string },
): Promise<Surface['ids']> {
  const { database, queue, registry, blobs } = platform;
  const { id: scanId } = await launchScan(platform, tenant, {
    targetIds: [targetId],
    engine: {},
    userId: null,
  });
  const key = await platform.keyOf(tenant);
  const website = { kind: 'website', key: `https://www.${domain}:443` } as const;
  const batch = sortObservations([
    {
      type: 'asset',
      asset: website,
      from: { kind: 'domain', key: domain },
      relation: 'hosts',
      reason: 'it answers',
    },
    {
      type: 'finding',
      ruleId: 'http.missing-hsts',
      asset: website,
      confidence: 'firm',
      evidence: [{ label: 'Answer', text: `HTTP/1.1 200 OK of ${slug}` }],
    },
  ]);
  await database.inTenant(tenant, async tx => {
    const scan = await readScan(tx, scanId, { forUpdate: true });
    await ingest(tx, batch, { scan, scanner: 'idle', registry, queue, key });
  });
  await closeScan(
    { id: newId(), queue: CLOSING_QUEUE, data: { tenantId: tenant, subjectId: scanId }, attempt: 0 },
    platform,
  );
  const bytes = Buffer.from(`a file of ${slug}`);
  const storageKey = await blobs.put(tenant, key, bytes);
  return database.inTenant(tenant, async tx => {
    const report = await requestReport(tx, queue, { scanId, design: 'attack-surface', userId: null });
    const blobId = newId();
    await sql`insert into blob (id, name, media_type, size_bytes, storage_key) values (${blobId}, 'report.pdf', 'application/pdf', ${bytes.length}, ${storageKey})`.execute(
      tx.sql,
    );
    await sql`update report set state = 'ready', blob_id = ${blobId} where id = ${report.id}`.execute(tx.sql);
    const { rows: assets } = await sql<{
      id: string;
    }>`select id from asset where key = ${website.key}`.execute(tx.sql);
    const assetId = assets[0]?.id ?? '';
    await sql`insert into blob (id, asset_id, name, media_type, size_bytes, storage_key) values (${newId()}, ${assetId}, 'screenshot', 'image/png', ${bytes.length}, ${storageKey})`.execute(
      tx.sql,
    );
    const { rows: findings } = await sql<{
      id: string;
    }>`select id from finding where asset_id = ${assetId}`.execute(tx.sql);
    const organisation = await createOrganisation(tx, { name: `Organisation of ${slug}`, note: '' });
    const { groups } = await createGroup(tx, { organisationId: organisation.id, name: `Group of ${slug}` });
    await sql`update target set organisation_id = ${organisation.id} where id = ${targetId}`.execute(tx.sql);
    await sql`insert into target_in_group (group_id, target_id) values (${groups[0]?.id}, ${targetId})`.execute(
      tx.sql,
    );
    const project = await createProject(tx, { name: `Project of ${slug}`, note: '', userId: null });
    await sql`insert into project_target (project_id, target_id) values (${project.id}, ${targetId})`.execute(
      tx.sql,
    );
    return {
      targets: targetId,
      scans: scanId,
      assets: assetId,
      findings: findings[0]?.id ?? '',
      reports: report.id,
      projects: project.id,
      organisations: organisation.id,
    };
  });
}

async function createUser(platform: Platform, tenant: TenantId, email: string, role: Role): Promise<string> {
  const id = newId();
  const { control } = platform.database;
  await control
    .insertInto('control.user_account')
    .values({ id, email, name: role, password_hash: null })
    .execute();
  await control.insertInto('control.membership').values({ user_id: id, tenant_id: tenant, role }).execute();
  return id;
}
