-- Versions of keys, and the work of replacing them.

-- The newest version of a tenant's key seals; older ones open what they sealed until it is sealed again, and are deleted then.
alter table control.tenant_key
  add column version integer not null default 1 check (version > 0),
  drop constraint tenant_key_pkey,
  add primary key (tenant_id, version);

-- A rotation of a tenant's key, or of the master key where there is no tenant.
create table control.key_rotation (
  id uuid primary key,
  tenant_id uuid references control.tenant on delete cascade,
  -- Version of the tenant's key that replaces all before it.
  version integer,
  -- Public id of the key that replaces the others.
  key_id text not null,
  state text not null default 'sealing' check (state in ('sealing', 'waiting', 'done')),
  resealed bigint not null default 0,
  -- Values and files that were still to do when they were counted last.
  remaining bigint,
  -- Values and files that no version opens.
  unreadable bigint not null default 0,
  started_at timestamptz not null default clock_timestamp(),
  -- When a pass that sealed something ended last.
  sealed_at timestamptz,
  -- From then on no process seals with the old version any more.
  settles_at timestamptz not null,
  finished_at timestamptz,
  check ((tenant_id is null) = (version is null))
);
create unique index on control.key_rotation (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'))
  where state <> 'done';
create index on control.key_rotation (tenant_id, started_at desc);
