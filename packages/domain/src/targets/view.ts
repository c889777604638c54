import { proofMailboxes, targetQuery, type ProofMethod, type TargetView } from '@glacis/contract';
import { sql, type TenantTransaction } from '@glacis/db';
import type { z } from 'zod';
import { notFound } from '../http/caller.ts';
import { likePattern } from '../inventory/repository.ts';

/** Days that a proof that was seen holds. */
export const PROOF_DAYS = 90;
/** Days for which a proof that is gone still counts, for DNS that is being mended. */
export const GRACE_DAYS = 3;
const DAY_MS = 86_400_000;

/** Name of the proof: in the TXT record, in the file and of the meta element. */
const PROOF_NAME = 'glacis-verification';
/** Label below a domain at which its owner publishes the challenge. */
const CHALLENGE_LABEL = '_glacis-challenge';
const CHALLENGE_PATH = '/.well-known/glacis-challenge.txt';

interface TargetRow {
  id: string;
  domain: string;
  note: string;
  challenge: string;
  organisation: { id: string; name: string } | null;
  groups: { id: string; name: string }[] | null;
  proof_state: TargetView['proof']['state'];
  proof_method: ProofMethod | null;
  proof_via: string | null;
  proof_detail: string;
  proof_checked_at: Date | null;
  proven_at: Date | null;
  proof_expires_at: Date | null;
  proof_missing_since: Date | null;
  created_at: Date;
  last_scan_id: string | null;
}

const columns = sql`t.id, t.domain, t.note, t.challenge, t.proof_state, t.proof_method, t.proof_via, t.proof_detail,
  t.proof_checked_at, t.proven_at, t.proof_expires_at, t.proof_missing_since, t.created_at,
  (select jsonb_build_object('id', o.id, 'name', o.name) from organisation o where o.id = t.organisation_id) as organisation,
  (select jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) order by g.name) from target_in_group i
    join target_group g on g.id = i.group_id where i.target_id = t.id) as groups,
  (select s.id from scan_target st join scan s on s.id = st.scan_id where st.target_id = t.id
    order by s.started_at desc limit 1) as last_scan_id`;

/** What proves a domain by each method. */
export function proofsOf(domain: string, challenge: string) {
  return {
    record: { name: `${CHALLENGE_LABEL}.${domain}`, value: `${PROOF_NAME}=${challenge}` },
    file: { url: `https://${domain}${CHALLENGE_PATH}`, content: `${PROOF_NAME}=${challenge}` },
    meta: { url: `https://${domain}/`, element: `<meta name="${PROOF_NAME}" content="${challenge}">` },
  };
}

function view(row: TargetRow): TargetView {
  const missingMs = row.proof_missing_since?.getTime();
  return {
    id: row.id,
    domain: row.domain,
    note: row.note,
    organisation: row.organisation,
    groups: row.groups ?? [],
    proof: {
      state: row.proof_state,
      method: row.proof_method,
      via: row.proof_via,
      ...proofsOf(row.domain, row.challenge),
      mailAddresses: proofMailboxes.map(mailbox => `${mailbox}@${row.domain}`),
      detail: row.proof_detail,
      checkedAt: row.proof_checked_at?.toISOString() ?? null,
      provenAt: row.proven_at?.toISOString() ?? null,
      expiresAt: row.proof_state === 'proven' ? (row.proof_expires_at?.toISOString() ?? null) : null,
      missingSince: row.proof_missing_since?.toISOString() ?? null,
      graceEndsAt: missingMs === undefined ? null : new Date(missingMs + GRACE_DAYS * DAY_MS).toISOString(),
    },
    createdAt: row.created_at.toISOString(),
    lastScanId: row.last_scan_id,
  };
}

const SORT = { domain: sql`t.domain`, createdAt: sql`t.created_at` } as const;

/** A page of targets. The columns that cost a look-up each are computed for the page's rows alone. */
export async function listTargets(
  tx: TenantTransaction,
  query: z.output<typeof targetQuery> = targetQuery.parse({}),
): Promise<{ items: TargetView[]; total: number }> {
  const conditions = [sql`true`];
  if (query.q) {
    const pattern = likePattern(query.q);
    conditions.push(sql`(t.domain collate "C" ilike ${pattern} or t.note ilike ${pattern})`);
  }
  if (query.state && query.state.length > 0) conditions.push(sql`t.proof_state = any(${query.state})`);
  if (query.organisationId) conditions.push(sql`t.organisation_id = ${query.organisationId}`);
  if (query.groupId)
    conditions.push(
      sql`exists (select 1 from target_in_group i where i.target_id = t.id and i.group_id = ${query.groupId})`,
    );
  if (query.projectId)
    conditions.push(
      sql`exists (select 1 from project_target p where p.target_id = t.id and p.project_id = ${query.projectId})`,
    );
  const where = sql.join(conditions, sql` and `);
  const direction = query.order === 'desc' ? sql`desc` : sql`asc`;
  const order = sql`${SORT[query.sort]} ${direction}, t.id ${direction}`;
  const { rows } = await sql<TargetRow>`
    select ${columns} from (
      select t.id from target t where ${where} order by ${order}
      limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize}
    ) page join target t on t.id = page.id order by ${order}`.execute(tx.sql);
  const { rows: counted } = await sql<{
    n: number;
  }>`select count(*)::int as n from target t where ${where}`.execute(tx.sql);
  return { items: rows.map(view), total: counted[0]?.n ?? 0 };
}

/** One target. @throws UserError when it does not exist. */
export async function readTarget(tx: TenantTransaction, id: string): Promise<TargetView> {
  const { rows } = await sql<TargetRow>`select ${columns} from target t where t.id = ${id}`.execute(tx.sql);
  if (!rows[0]) throw notFound('target');
  return view(rows[0]);
}

/** The target of a domain in its canonical form, if there is one. */
export async function findTarget(tx: TenantTransaction, domain: string): Promise<TargetView | undefined> {
  const { rows } = await sql<TargetRow>`select ${columns} from target t where t.domain = ${domain}`.execute(
    tx.sql,
  );
  return rows[0] && view(rows[0]);
}
