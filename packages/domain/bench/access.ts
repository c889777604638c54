/**
 * Measures what every request waits for, with 1, 100 and 1,000 tenants: signing in by password, and finding out who calls
 * with a session, a token and an access token; at the end also appending to an audit chain and verifying one. Prints JSON:
 * p50 and p95 in ms. The schemas of the many tenants are not needed for it, only their rows.
 */
import { loadavg } from 'node:os';
import { createTokenRequest } from '@glacis/contract';
import { sql } from '@glacis/db';
import { createTestDatabase } from '@glacis/db/testing';
import { DEFAULT_RATE_LIMITS, newId, newSecretKey, silentLogger, type TenantId } from '@glacis/foundation';
import { verifyChain } from '../src/audit/chain.ts';
import { systemOrigin } from '../src/audit/record.ts';
import { openAuditTrail } from '../src/audit/trail.ts';
import { findAccessToken } from '../src/identity/access-token.ts';
import { hashPassword } from '../src/identity/password.ts';
import { proveByPassword } from '../src/identity/service.ts';
import { findSession, startSession } from '../src/identity/session.ts';
import { createToken, findToken } from '../src/identity/token.ts';
import { createTokenSigner } from '../src/identity/token-signer.ts';
import { openRateLimiter } from '../src/limits/open-limiter.ts';

const SIZES = [1, 100, 1000];
const MEMBERS_PER_TENANT = 5;
const ROUNDS = 300;
const SIGN_INS = 30;
const PASSWORD = 'correct horse battery';

const db = await createTestDatabase();
const { database } = db;
const { control } = database;
const tokenSigner = createTokenSigner(database, newSecretKey(), silentLogger);
const origin = { address: '127.0.0.1', userAgent: 'bench' };
const passwordHash = await hashPassword(PASSWORD);
const { id: tenant } = await db.createTenant('bench');
const userId = newId();
const email = 'person@bench.test';
await control
  .insertInto('control.user_account')
  .values({ id: userId, email, password_hash: passwordHash })
  .execute();
await control
  .insertInto('control.membership')
  .values({ user_id: userId, tenant_id: tenant, role: 'admin' })
  .execute();

/** Adds tenants with members, sessions and tokens, until there are so many. */
async function grow(size: number): Promise<void> {
  await sql`insert into control.tenant (id, slug, name)
    select gen_random_uuid(), 'bench-' || n, 'Bench' from generate_series(2, ${size}::int) n on conflict do nothing`.execute(
    control,
  );
  await sql`insert into control.user_account (id, email)
    select gen_random_uuid(), 'm' || m || '@' || t.slug || '.test' from control.tenant t, generate_series(1, ${MEMBERS_PER_TENANT}::int) m
    on conflict do nothing`.execute(control);
  await sql`insert into control.membership (user_id, tenant_id, role)
    select u.id, t.id, 'operator' from control.tenant t join control.user_account u on split_part(u.email, '@', 2) = t.slug || '.test'
    on conflict do nothing`.execute(control);
  await sql`insert into control.session (id_hash, user_id, expires_at)
    select encode(sha256(convert_to(id::text, 'UTF8')), 'hex'), id, now() + interval '1 day' from control.user_account
    on conflict do nothing`.execute(control);
  await database.query(
    'vacuum analyze control.session, control.user_account, control.membership, control.tenant',
  );
}

/** p50 and p95 of a call, ms. */
async function measure(rounds: number, call: () => Promise<unknown>): Promise<{ p50: number; p95: number }> {
  const times: number[] = [];
  for (let round = 0; round < rounds + 5; round += 1) {
    const startedAt = performance.now();
    if ((await call()) === undefined) throw new Error('the call found nothing');
    if (round >= 5) times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 100) / 100;
  return { p50: at(0.5), p95: at(0.95) };
}

const results: Record<string, Record<string, { p50: number; p95: number }>> = {};
for (const size of SIZES) {
  await grow(size);
  const session = await startSession(database, { userId, methods: ['password'] }, origin);
  const of = { slug: 'bench', address: origin.address };
  const { secret } = await createToken(
    database,
    { userId, tenant: undefined },
    createTokenRequest.parse({ name: 'bench', scopes: ['asset.read'] }),
    userId,
  );
  const found = await findSession(database, session, 'bench');
  const { rows } = await sql<{ id: string }>`insert into control.token_grant (id, session_id, expires_at)
    values (gen_random_uuid(), ${found?.caller.credential.id}, now() + interval '1 day') returning id`.execute(
    control,
  );
  const access = await tokenSigner.sign({ sub: userId, sid: rows[0]?.id ?? '' });
  results[`${size} tenants`] = {
    'sign in with a password': await measure(SIGN_INS, async () =>
      startSession(database, await proveByPassword(database, email, PASSWORD, origin.address), origin),
    ),
    'authorise a session': await measure(ROUNDS, () => findSession(database, session, 'bench')),
    'authorise a token': await measure(ROUNDS, () => findToken(database, secret, of)),
    'authorise an access token': await measure(ROUNDS, () =>
      findAccessToken({ database, tokenSigner }, access, of),
    ),
  };
}

const limiter = openRateLimiter(database, silentLogger, { limits: DEFAULT_RATE_LIMITS });
const trail = openAuditTrail(database, silentLogger);
const act = (of: TenantId) => ({ tenantId: of, origin: systemOrigin('job', 'bench'), action: 'bench.run' });
const beside = {
  'count against three limits': await measure(ROUNDS, () =>
    limiter.take([
      { policy: 'address', key: 'a' },
      { policy: 'user', key: 'u' },
      { policy: 'tenant', key: 't' },
    ]),
  ),
  'record an act (intent and end)': await measure(ROUNDS, () =>
    trail.audited(act(tenant), async () => 'done'),
  ),
};
const startedAt = performance.now();
const verified = await verifyChain(database, tenant);
const verifyMs = performance.now() - startedAt;
process.stdout.write(
  `${JSON.stringify({
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    ms: { ...results, beside },
    verification: { records: verified.records, isIntact: verified.isIntact, ms: Math.round(verifyMs) },
  })}\n`,
);
await trail.close();
await db.close();
