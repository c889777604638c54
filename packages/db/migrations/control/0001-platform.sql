-- Who there is: tenants, people, and what lets them in. No tenant role may use this schema.
create table control.tenant (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$'),
  name text not null check (length(name) between 1 and 200),
  state text not null default 'active' check (state in ('active', 'suspended')),
  created_at timestamptz not null default now()
);

-- The tenant's data key, wrapped by the master key. Deleting the row shreds the tenant's encrypted data.
create table control.tenant_key (
  tenant_id uuid primary key references control.tenant on delete cascade,
  wrapped bytea not null,
  created_at timestamptz not null default now()
);

create table control.user_account (
  id uuid primary key,
  email text not null unique check (email = lower(email) and length(email) between 3 and 254),
  name text not null default '',
  password_hash text,
  is_platform_admin boolean not null default false,
  created_at timestamptz not null default now()
);

create table control.membership (
  user_id uuid not null references control.user_account on delete cascade,
  tenant_id uuid not null references control.tenant on delete cascade,
  role text not null check (role in ('admin', 'operator', 'observer')),
  created_at timestamptz not null default now(),
  primary key (user_id, tenant_id)
);
create index on control.membership (tenant_id);

-- Only the SHA-256 of a session's secret is stored.
create table control.session (
  id_hash text primary key,
  user_id uuid not null references control.user_account on delete cascade,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  address inet,
  user_agent text
);
create index on control.session (user_id);

create table control.sign_in_link (
  token_hash text primary key,
  user_id uuid not null references control.user_account on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create table control.platform_setting (
  key text primary key,
  value jsonb not null
);

-- Failed sign-ins by account and by address, for throttling.
create table control.sign_in_failure (
  subject text primary key,
  failures integer not null,
  last_at timestamptz not null
);
