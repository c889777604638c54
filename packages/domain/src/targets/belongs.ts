import { sql } from '@glacis/db';

type Part = ReturnType<typeof sql>;

/** Filters of lists by what a target is, or is sorted into. */
export interface BelongsTo {
  readonly targetId?: string | undefined;
  readonly organisationId?: string | undefined;
  readonly groupId?: string | undefined;
  readonly projectId?: string | undefined;
}

/** Conditions that an asset belongs to certain targets; none when nothing is asked. */
export function belongsTo(assetId: Part, of: BelongsTo): Part[] {
  const conditions: Part[] = [];
  const link = (rest: Part): void =>
    void conditions.push(sql`${assetId} in (select l.asset_id from asset_target l ${rest})`);
  if (of.targetId) link(sql`where l.target_id = ${of.targetId}`);
  if (of.organisationId)
    link(sql`join target t on t.id = l.target_id where t.organisation_id = ${of.organisationId}`);
  if (of.groupId)
    link(sql`join target_in_group g on g.target_id = l.target_id where g.group_id = ${of.groupId}`);
  if (of.projectId)
    link(sql`join project_target p on p.target_id = l.target_id where p.project_id = ${of.projectId}`);
  return conditions;
}
