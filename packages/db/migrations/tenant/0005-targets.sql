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

insert into asset_target (asset_id, target_id)
  select distinct a.id, t.id
  from asset a
  cross join lateral (select string_to_array(case
      when a.kind in ('domain', 'hostname') then a.key
      when a.kind = 'endpoint' then regexp_replace(a.key, ':[0-9]+$', '')
      when a.kind in ('website', 'url') then substring(a.key from '^[a-z]+://([^/:?#]+)')
      when a.kind = 'email' then split_part(a.key, '@', 2)
    end, '.') as labels) n
  cross join lateral generate_subscripts(n.labels, 1) i
  join target t on t.domain = array_to_string(n.labels[i:], '.');
insert into asset_target (asset_id, target_id)
  select distinct m.asset_id, s.target_id from scan_asset m join scan s on s.id = m.scan_id
  where not exists (select 1 from asset_target l where l.asset_id = m.asset_id);
