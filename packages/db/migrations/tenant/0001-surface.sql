-- What is ours to look at, and proof of it.
create table target (
  id uuid primary key,
  domain text not null unique check (domain = lower(domain)),
  challenge text not null,
  proof_state text not null default 'unproven' check (proof_state in ('unproven', 'proven', 'expired')),
  proof_detail text not null default '',
  proof_checked_at timestamptz,
  proven_at timestamptz,
  created_at timestamptz not null default now(),
  created_by uuid
);

create table exclusion (
  id uuid primary key,
  value text not null unique,
  created_at timestamptz not null default now()
);

create table scan (
  id uuid primary key,
  target_id uuid not null references target on delete cascade,
  state text not null check (state in ('running', 'closing', 'completed', 'cancelled', 'failed')),
  is_active boolean not null,
  engine jsonb not null,
  scope jsonb not null,
  open_jobs integer not null default 0 check (open_jobs >= 0),
  new_assets integer not null default 0,
  requested_by uuid,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  summary jsonb,
  error text
);
create index on scan (started_at desc);

-- What each scanner of a scan has done and still has to do.
create table scan_progress (
  scan_id uuid not null references scan on delete cascade,
  scanner text not null,
  queued integer not null default 0,
  done integer not null default 0,
  failed integer not null default 0,
  assets_queued integer not null default 0,
  assets_looked integer not null default 0,
  assets_unreachable integer not null default 0,
  assets_limited integer not null default 0,
  assets_skipped integer not null default 0,
  found_assets integer not null default 0,
  found_findings integer not null default 0,
  primary key (scan_id, scanner)
);

-- The ledger of a scan: queue deliveries may repeat, a row here ends exactly once.
create table scan_job (
  id uuid primary key,
  scan_id uuid not null references scan on delete cascade,
  scanner text not null,
  asset_ids uuid[] not null,
  state text not null default 'open' check (state in ('open', 'done', 'failed')),
  attempts smallint not null default 0,
  error text
);
create index on scan_job (scan_id) where state = 'open';

create table asset (
  id uuid primary key,
  kind text not null,
  key text not null,
  attributes jsonb not null default '{}',
  in_scope boolean not null,
  first_seen timestamptz not null default clock_timestamp(),
  last_seen timestamptz not null default clock_timestamp(),
  first_scan_id uuid not null,
  last_scan_id uuid not null,
  unique (kind, key)
);
create index on asset (last_seen desc, id);
create index on asset (key);

create table edge (
  from_id uuid not null references asset on delete cascade,
  relation text not null,
  to_id uuid not null references asset on delete cascade,
  scanner text not null,
  first_seen timestamptz not null default clock_timestamp(),
  last_seen timestamptz not null default clock_timestamp(),
  primary key (from_id, relation, to_id)
);
create index on edge (to_id, relation);

-- Which assets a scan met, in the order it met them, and what led there: the discovery path.
create table scan_asset (
  scan_id uuid not null references scan on delete cascade,
  asset_id uuid not null references asset on delete cascade,
  seq bigint generated always as identity,
  scanner text not null,
  from_asset_id uuid,
  reason text not null,
  primary key (scan_id, asset_id)
);
create index on scan_asset (scan_id, seq);

create table coverage (
  scan_id uuid not null references scan on delete cascade,
  scanner text not null,
  asset_id uuid not null references asset on delete cascade,
  outcome text not null check (outcome in ('looked', 'unreachable', 'limited', 'skipped')),
  detail text,
  primary key (scan_id, scanner, asset_id)
);

-- One row per identity (rule, asset, parameter); evidence is sealed with the tenant's key.
create table finding (
  id uuid primary key,
  identity text not null unique,
  rule_id text not null,
  asset_id uuid not null references asset on delete cascade,
  parameter text not null default '',
  severity text not null,
  severity_rank smallint not null,
  confidence text not null,
  state text not null default 'open'
    check (state in ('open', 'confirmed', 'accepted', 'false_positive', 'fixed')),
  evidence bytea not null,
  first_seen timestamptz not null default clock_timestamp(),
  last_seen timestamptz not null default clock_timestamp(),
  first_scan_id uuid not null,
  last_scan_id uuid not null
);
create index on finding (severity_rank, last_seen desc, id);
create index on finding (asset_id);
create index on finding (rule_id);

create table scan_finding (
  scan_id uuid not null references scan on delete cascade,
  finding_id uuid not null references finding on delete cascade,
  seq bigint generated always as identity,
  primary key (scan_id, finding_id)
);
create index on scan_finding (scan_id, seq);

create table blob (
  id uuid primary key,
  asset_id uuid references asset on delete cascade,
  name text not null,
  media_type text not null,
  size_bytes bigint not null,
  storage_key text not null,
  created_at timestamptz not null default now()
);
create unique index on blob (asset_id, name) where asset_id is not null;

create table report (
  id uuid primary key,
  scan_id uuid not null references scan on delete cascade,
  design text not null,
  state text not null default 'queued' check (state in ('queued', 'rendering', 'ready', 'failed')),
  blob_id uuid references blob,
  page_count integer,
  messages jsonb not null default '[]',
  error text,
  requested_by uuid,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index on report (created_at desc);
