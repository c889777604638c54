import type { TargetView } from '@glacis/contract';
import {
  canonicalHostName,
  messageOf,
  newId,
  newSecret,
  profileFor,
  publicProfile,
  UserError,
  type NetworkProfile,
} from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { getPublicSuffix } from 'tldts';
import { assertWithinPlan } from '../billing/limits.ts';
import { notFound } from '../http/caller.ts';
import type { Platform } from '../platform.ts';

/** Label below a domain at which its owner publishes the challenge. */
const CHALLENGE_LABEL = '_glacis-challenge';
const CHALLENGE_PREFIX = 'glacis-verification=';

interface TargetRow {
  id: string;
  domain: string;
  challenge: string;
  proof_state: TargetView['proof']['state'];
  proof_detail: string;
  proof_checked_at: Date | null;
  proven_at: Date | null;
  created_at: Date;
  last_scan_id: string | null;
}

const columns = sql`t.id, t.domain, t.challenge, t.proof_state, t.proof_detail, t.proof_checked_at, t.proven_at, t.created_at,
  (select s.id from scan s where s.target_id = t.id order by s.started_at desc limit 1) as last_scan_id`;

function view(row: TargetRow): TargetView {
  return {
    id: row.id,
    domain: row.domain,
    proof: {
      state: row.proof_state,
      record: { name: `${CHALLENGE_LABEL}.${row.domain}`, value: `${CHALLENGE_PREFIX}${row.challenge}` },
      detail: row.proof_detail,
      checkedAt: row.proof_checked_at?.toISOString() ?? null,
      provenAt: row.proven_at?.toISOString() ?? null,
    },
    createdAt: row.created_at.toISOString(),
    lastScanId: row.last_scan_id,
  };
}

/** Names that the public DNS does not have and must not be asked for (RFC 6761, RFC 7686, RFC 9476). */
const SPECIAL_USE: ReadonlySet<string> = new Set([
  'test',
  'example',
  'invalid',
  'localhost',
  'local',
  'internal',
  'onion',
  'alt',
]);

/**
 * How the network of a domain is reached. A special-use name without a profile of its own is refused: asking public
 * resolvers and services about it would leak it and prove nothing. @throws UserError
 */
export function profileOf(platform: Platform, domain: string): NetworkProfile {
  const profile = profileFor(platform.profiles(), domain);
  if (profile === publicProfile && SPECIAL_USE.has(domain.split('.').at(-1) ?? '')) {
    throw new UserError(
      'target.special-use',
      `${domain} is a special-use name that exists only in networks of your own. Add a network profile that says which resolvers know it.`,
    );
  }
  return profile;
}

/** The targets of a tenant by name. */
export async function listTargets(tx: TenantTransaction): Promise<TargetView[]> {
  const { rows } = await sql<TargetRow>`select ${columns} from target t order by t.domain`.execute(tx.sql);
  return rows.map(view);
}

/** One target. @throws UserError when it does not exist. */
export async function readTarget(tx: TenantTransaction, id: string): Promise<TargetView> {
  const { rows } = await sql<TargetRow>`select ${columns} from target t where t.id = ${id}`.execute(tx.sql);
  if (!rows[0]) throw notFound('target');
  return view(rows[0]);
}

/** Adds a domain with a fresh challenge. @throws UserError when it is no domain that somebody can own. */
export async function createTarget(
  tx: TenantTransaction,
  text: string,
  userId: string | null,
): Promise<TargetView> {
  const domain = canonicalHostName(text.trim());
  if (domain === undefined || !domain.includes('.')) {
    throw new UserError(
      'target.not-a-domain',
      `“${text.trim().slice(0, 80)}” is not a domain name. Write one like example.org, without https:// and path.`,
    );
  }
  if (getPublicSuffix(domain, { allowPrivateDomains: true }) === domain) {
    throw new UserError(
      'target.public-suffix',
      `${domain} is a public suffix that many organisations share. Name your own domain below it.`,
    );
  }
  await assertWithinPlan(tx, 'domains');
  const { rows } = await sql<{ id: string }>`insert into target (id, domain, challenge, created_by)
    values (${newId()}, ${domain}, ${newSecret()}, ${userId}) on conflict (domain) do nothing returning id`.execute(
    tx.sql,
  );
  if (!rows[0]) throw new UserError('target.exists', `${domain} is a target already.`);
  return readTarget(tx, rows[0].id);
}

/** Removes a target and its scans; assets and findings stay in the inventory. @throws UserError when it does not exist or is being scanned. */
export async function deleteTarget(tx: TenantTransaction, id: string): Promise<void> {
  const { rows: running } =
    await sql`select 1 from scan where target_id = ${id} and state in ('running', 'closing')`.execute(tx.sql);
  if (running.length > 0)
    throw new UserError('request.conflict', 'The target is being scanned. Cancel the scan first.');
  const { rows } = await sql`delete from target where id = ${id} returning id`.execute(tx.sql);
  if (rows.length === 0) throw notFound('target');
}

/**
 * Looks for the challenge in DNS and notes the outcome. A record that is gone takes the proof back; a look-up that failed
 * changes nothing but the detail, since nothing was learnt.
 */
export async function verifyTarget(
  platform: Platform,
  inTenant: <T>(work: (tx: TenantTransaction) => Promise<T>) => Promise<T>,
  id: string,
): Promise<TargetView> {
  const target = await inTenant(tx => readTarget(tx, id));
  const { name, value } = target.proof.record;
  let found: readonly string[];
  try {
    found = await platform.lookupTxt(name, profileOf(platform, target.domain));
  } catch (error) {
    const detail = `The look-up of ${name} failed (${messageOf(error)}); nothing was changed. Try again later.`;
    return inTenant(async tx => {
      await sql`update target set proof_detail = ${detail}, proof_checked_at = now() where id = ${id}`.execute(
        tx.sql,
      );
      return readTarget(tx, id);
    });
  }
  const isProven = found.includes(value);
  const state = isProven ? 'proven' : target.proof.state === 'unproven' ? 'unproven' : 'expired';
  const detail = isProven
    ? 'The TXT record is there.'
    : found.length === 0
      ? `There is no TXT record at ${name} yet. Changes to DNS may take some minutes to show.`
      : `The TXT record at ${name} has another value. Compare it letter by letter.`;
  return inTenant(async tx => {
    await sql`update target set proof_state = ${state}, proof_detail = ${detail}, proof_checked_at = now(),
      proven_at = case when ${isProven} then now() else proven_at end where id = ${id}`.execute(tx.sql);
    return readTarget(tx, id);
  });
}
