-- Projects isolate people: who sees only projects sees only what belongs to their targets.
create table project (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  note text not null default '' check (length(note) <= 2000),
  created_at timestamptz not null default now(),
  created_by uuid
);
create unique index on project (lower(name));

create table project_target (
  project_id uuid not null references project on delete cascade,
  target_id uuid not null references target on delete cascade,
  primary key (project_id, target_id)
);
create index on project_target (target_id, project_id);

create table project_member (
  project_id uuid not null references project on delete cascade,
  user_id uuid not null,
  level text not null check (level in ('read', 'comment', 'write', 'lead')),
  added_at timestamptz not null default now(),
  primary key (project_id, user_id)
);
create index on project_member (user_id);

-- A second role of the tenant for those people. It may read what is listed here and nothing else, row by row; a table that
-- nobody thought of is refused. For the tenant's own role the policies are constant and cost nothing.
-- `glacis.projects` is set for the transaction when it is entered: the ids of the viewer's projects.
do $$
declare
  whole text := current_schema();
  viewer text := current_schema() || '_p';
  mine text := 'any (string_to_array(current_setting(''glacis.projects''), '','')::uuid[])';
  by_target text := 'exists (select 1 from project_target p where p.target_id = %s and p.project_id = ' || mine || ')';
  by_asset text := 'exists (select 1 from asset_target l join project_target p on p.target_id = l.target_id
    where l.asset_id = %s and p.project_id = ' || mine || ')';
  rule record;
begin
  if not exists (select 1 from pg_roles where rolname = viewer) then
    execute format('create role %I nologin', viewer);
  end if;
  execute format('grant %I to current_user', viewer);
  execute format('grant usage on schema %I to %I', whole, viewer);
  for rule in select * from (values
    ('target', format(by_target, 'target.id')),
    ('target_in_group', format(by_target, 'target_in_group.target_id')),
    ('target_group', 'exists (select 1 from target_in_group i where i.group_id = target_group.id)'),
    ('organisation', 'exists (select 1 from target t where t.organisation_id = organisation.id)'),
    ('project', 'id = ' || mine),
    ('project_target', 'project_id = ' || mine),
    ('project_member', 'project_id = ' || mine),
    ('asset', format(by_asset, 'asset.id')),
    ('asset_target', format(by_target, 'asset_target.target_id')),
    ('finding', format(by_asset, 'finding.asset_id')),
    ('edge', format(by_asset, 'edge.from_id') || ' and ' || format(by_asset, 'edge.to_id')),
    ('coverage', format(by_asset, 'coverage.asset_id')),
    -- A scan shows only when all its targets do: its summary and reports are of all of them.
    ('scan', 'exists (select 1 from scan_target s where s.scan_id = scan.id)'),
    ('scan_target', 'not exists (select 1 from scan_targets_of(scan_target.scan_id) s (id) where not '
      || format(by_target, 's.id') || ')'),
    ('scan_progress', 'exists (select 1 from scan s where s.id = scan_progress.scan_id)'),
    ('scan_asset', format(by_asset, 'scan_asset.asset_id')),
    ('scan_finding', 'exists (select 1 from finding f where f.id = scan_finding.finding_id)'),
    ('report', 'exists (select 1 from scan s where s.id = report.scan_id)'),
    ('blob', '(asset_id is null and exists (select 1 from report r where r.blob_id = blob.id)) or '
      || format(by_asset, 'blob.asset_id'))
  ) as rules (name, seen)
  loop
    if rule.name = 'scan_target' then
      -- Runs with the owner's rights: whether a scan is whole cannot be judged by the part of it that shows.
      execute format('create function scan_targets_of(uuid) returns setof uuid language sql stable security definer
        set search_path = %I as ''select target_id from scan_target where scan_id = $1''', whole);
    end if;
    execute format('alter table %I enable row level security', rule.name);
    execute format('create policy whole on %I to %I using (true) with check (true)', rule.name, whole);
    execute format('create policy projects on %I for select to %I using (%s)', rule.name, viewer, rule.seen);
    execute format('grant select on %I to %I', rule.name, viewer);
  end loop;
  execute format('revoke execute on function scan_targets_of(uuid) from public');
  execute format('grant execute on function scan_targets_of(uuid) to %I, %I', whole, viewer);
end $$;
