import type { ImportReport } from '@glacis/contract';
import { newId, newSecret } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { assertWithinPlan } from '../billing/limits.ts';
import type { ImportFile, ImportLine } from './import-file.ts';
import { inheritProofs } from './proof-state.ts';

/** Targets that are shown of a preview, and new names that are told. */
const SAMPLE = 200;
const CHUNK = 10_000;

/**
 * Says what a file would add and, unless it is a preview, adds it: all of it or, with `valid`, what is right. Two imports at
 * once follow each other. @throws UserError when the plan does not allow as many.
 */
export async function importTargets(
  tx: TenantTransaction,
  file: ImportFile,
  of: { mode: 'preview' | 'all' | 'valid'; userId: string | null; projectId?: string | undefined },
): Promise<ImportReport> {
  await sql`select pg_advisory_xact_lock(hashtextextended('import into ' || current_schema(), 0))`.execute(
    tx.sql,
  );
  const known = await knownDomains(tx, file);
  const fresh = file.targets.filter(target => !known.has(target.domain));
  const sorting = await newNames(tx, fresh);
  const report: ImportReport = {
    isStored: false,
    lines: file.lines,
    added: fresh.length,
    sample: fresh.slice(0, SAMPLE),
    known: known.size,
    repeated: file.repeated,
    wrong: file.wrong,
    errors: [...file.errors],
    newOrganisations: sorting.organisations.slice(0, SAMPLE),
    newGroups: sorting.groups.slice(0, SAMPLE).map(group => `${group.organisation} / ${group.name}`),
  };
  const isStoring = of.mode === 'valid' || (of.mode === 'all' && file.wrong === 0);
  if (!isStoring) return report;
  if (fresh.length > 0) await assertWithinPlan(tx, 'domains', fresh.length);
  await addNames(tx, sorting);
  const ids: string[] = [];
  for (let start = 0; start < fresh.length; start += CHUNK)
    ids.push(...(await store(tx, fresh.slice(start, start + CHUNK), of.userId)));
  await inheritProofs(tx, ids);
  if (of.projectId !== undefined)
    await sql`insert into project_target (project_id, target_id)
      select ${of.projectId}, unnest(${ids}::uuid[]) on conflict do nothing`.execute(tx.sql);
  return { ...report, isStored: true, added: ids.length };
}

async function knownDomains(tx: TenantTransaction, file: ImportFile): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ domain: string }>`
    select domain from target where domain = any(${file.targets.map(target => target.domain)}::text[])`.execute(
    tx.sql,
  );
  return new Set(rows.map(row => row.domain));
}

interface NewNames {
  readonly organisations: readonly string[];
  readonly groups: readonly { readonly organisation: string; readonly name: string }[];
}

const keyOf = (organisation: string, group: string): string =>
  JSON.stringify([organisation.toLowerCase(), group.toLowerCase()]);

/** Organisations and groups that the lines name and the tenant has not; upper and lower case are one. */
async function newNames(tx: TenantTransaction, fresh: readonly ImportLine[]): Promise<NewNames> {
  const { rows } = await sql<{ organisation: string; group: string | null }>`
    select o.name as organisation, g.name as "group"
    from organisation o left join target_group g on g.organisation_id = o.id`.execute(tx.sql);
  const organisations = new Set(rows.map(row => row.organisation.toLowerCase()));
  const groups = new Set(rows.map(row => keyOf(row.organisation, row.group ?? '')));
  const added: { organisations: string[]; groups: { organisation: string; name: string }[] } = {
    organisations: [],
    groups: [],
  };
  for (const { organisation, group } of fresh) {
    if (organisation !== '' && !organisations.has(organisation.toLowerCase())) {
      organisations.add(organisation.toLowerCase());
      added.organisations.push(organisation);
    }
    if (group !== '' && !groups.has(keyOf(organisation, group))) {
      groups.add(keyOf(organisation, group));
      added.groups.push({ organisation, name: group });
    }
  }
  return added;
}

async function addNames(tx: TenantTransaction, { organisations, groups }: NewNames): Promise<void> {
  const withId = (name: string): { id: string; name: string } => ({ id: newId(), name });
  await sql`insert into organisation (id, name)
    select id, name from jsonb_to_recordset(${JSON.stringify(organisations.map(withId))}::jsonb) as r (id uuid, name text)
    on conflict do nothing`.execute(tx.sql);
  const rows = groups.map(group => ({ ...group, id: newId() }));
  await sql`insert into target_group (id, organisation_id, name)
    select r.id, o.id, r.name from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id uuid, organisation text, name text)
    join organisation o on lower(o.name) = lower(r.organisation)
    on conflict do nothing`.execute(tx.sql);
}

/** Adds targets, sorted so that two imports wait for each other in one order. Returns the ids of those that were new. */
async function store(
  tx: TenantTransaction,
  targets: readonly ImportLine[],
  userId: string | null,
): Promise<string[]> {
  const rows = targets.map(target => ({ ...target, id: newId(), challenge: newSecret() }));
  const { rows: added } = await sql<{ id: string }>`
    with given as (
      select r.*, o.id as organisation_id
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r (id uuid, domain text, challenge text, organisation text, "group" text, note text)
      left join organisation o on lower(o.name) = lower(r.organisation)
    ), added as (
      insert into target (id, domain, challenge, created_by, organisation_id, note)
      select id, domain, challenge, ${userId}::uuid, organisation_id, note from given order by domain
      on conflict (domain) do nothing returning id
    ), grouped as (
      insert into target_in_group (group_id, target_id)
      select g.id, added.id from added join given using (id)
      join target_group g on g.organisation_id = given.organisation_id and lower(g.name) = lower(given."group")
    )
    select id from added`.execute(tx.sql);
  return added.map(row => row.id);
}
