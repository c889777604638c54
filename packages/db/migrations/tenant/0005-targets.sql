-- What sorts targets: organisations and, within them, groups.
create table organisation (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  note text not null default '' check (length(note) <= 2000),
  created_at timestamptz not null default now()
);
create unique index on organisation (lower(name));

create table target_group (
  id uuid primary key,
  organisation_id uuid not null references organisation on delete cascade,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now()
);
create unique index on target_group (organisation_id, lower(name));

alter table target
  add column organisation_id uuid references organisation on delete set null,
  add column note text not null default '' check (length(note) <= 2000),
  add column proof_method text check (proof_method in ('dns', 'file', 'meta', 'email', 'parent')),
  -- The proven domain above, for the method 'parent'.
  add column proof_via text,
  add column proof_expires_at timestamptz,
  -- Since when the proof has not been where it was; after some days of grace it expires.
  add column proof_missing_since timestamptz;
create index on target (organisation_id);
create index on target (created_at, id);
create index on target (proof_state, domain);
update target set proof_method = 'dns', proof_expires_at = now() + interval '90 days' where proof_state = 'proven';
insert into control.domain_claim (tenant_id, target_id, domain, method, proven_at, check_due_at)
  select substr(current_schema(), 3)::uuid, id, domain, 'dns', coalesce(proven_at, now()), now()
  from target where proof_state = 'proven';

create table target_in_group (
  group_id uuid not null references target_group on delete cascade,
  target_id uuid not null references target on delete cascade,
  primary key (group_id, target_id)
);
create index on target_in_group (target_id);

-- The code that was last mailed to prove a target; only its hash.
create table proof_mail (
  target_id uuid primary key references target on delete cascade,
  mailbox text not null,
  code_hash text not null,
  wrong_guesses smallint not null default 0,
  sent_at timestamptz not null default now(),
  expires_at timestamptz not null,
  sent_today smallint not null default 1
);

-- All targets of a scan; scan.target_id is the first.
create table scan_target (
  scan_id uuid not null references scan on delete cascade,
  target_id uuid not null references target on delete cascade,
  primary key (scan_id, target_id)
);
create index on scan_target (target_id);
insert into scan_target (scan_id, target_id) select id, target_id from scan;

-- Which targets an asset belongs to: a name to those it lies below, anything else to those of what led to it.
create table asset_target (
  asset_id uuid not null references asset on delete cascade,
  target_id uuid not null references target on delete cascade,
  primary key (asset_id, target_id)
);
create index on asset_target (target_id, asset_id);

create function targets_of_name(kind text, key text) returns setof uuid language sql stable as $$
  select t.id
  from (select string_to_array(case
      when kind in ('domain', 'hostname') then key
      when kind = 'endpoint' then regexp_replace(key, ':[0-9]+$', '')
      when kind in ('website', 'url') then substring(key from '^[a-z]+://([^/:?#]+)')
      when kind = 'email' then split_part(key, '@', 2)
    end, '.') as labels) n
  cross join lateral generate_subscripts(n.labels, 1) i
  join target t on t.domain = array_to_string(n.labels[i:], '.')
$$;

-- Links assets to targets after these were stored, and what hangs on them; knows when there is nothing new.
create function attribute_assets(ids uuid[]) returns void language sql as $$
  with recursive grown (asset_id, target_id) as (
    select first.* from (
      select a.id, named.target_id
      from asset a cross join lateral targets_of_name(a.kind, a.key) named (target_id)
      where a.id = any(ids)
      union
      select e.to_id, l.target_id
      from edge e join asset_target l on l.asset_id = e.from_id join asset a on a.id = e.to_id
      where e.to_id = any(ids) and not exists (select 1 from targets_of_name(a.kind, a.key))
    ) first (asset_id, target_id)
    where not exists (select 1 from asset_target l where l.asset_id = first.asset_id and l.target_id = first.target_id)
    union
    select e.to_id, g.target_id
    from grown g join edge e on e.from_id = g.asset_id join asset a on a.id = e.to_id
    where not exists (select 1 from asset_target l where l.asset_id = e.to_id and l.target_id = g.target_id)
      and not exists (select 1 from targets_of_name(a.kind, a.key))
  )
  insert into asset_target (asset_id, target_id)
  select asset_id, target_id from grown order by 1, 2 on conflict do nothing
$$;
select attribute_assets(array(select id from asset));
