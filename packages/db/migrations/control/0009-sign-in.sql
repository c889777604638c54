-- Ways to sign in beside password and link: one-time codes, passkeys, ways that take several steps; what a tenant asks for.

-- A session that a tenant's own identity provider vouched for reaches that tenant alone.
alter table control.session
  add column tenant_id uuid references control.tenant on delete cascade;

-- The secret is sealed with the master key. Codes of a step up to last_step are used.
create table control.totp (
  user_id uuid primary key references control.user_account on delete cascade,
  sealed bytea not null,
  last_step bigint not null default 0,
  created_at timestamptz not null default now(),
  confirmed_at timestamptz
);

create table control.recovery_code (
  user_id uuid not null references control.user_account on delete cascade,
  code_hash text not null,
  used_at timestamptz,
  primary key (user_id, code_hash)
);

create table control.passkey (
  id uuid primary key,
  user_id uuid not null references control.user_account on delete cascade,
  name text not null check (length(name) between 1 and 100),
  credential_id text not null unique check (length(credential_id) <= 1400),
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null default '{}',
  is_synced boolean not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index on control.passkey (user_id);

-- Somebody on the way through several steps, bound to their browser by a cookie whose SHA-256 is kept. Unlogged: after a
-- crash people begin again.
create unlogged table control.sign_in_flow (
  secret_hash text primary key,
  kind text not null check (length(kind) <= 40),
  user_id uuid references control.user_account on delete cascade,
  data jsonb not null,
  attempts integer not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index on control.sign_in_flow (expires_at);
create index on control.sign_in_flow (user_id);

-- What a tenant asks of sessions that enter it. Null: anything goes.
create table control.sign_in_policy (
  tenant_id uuid primary key references control.tenant on delete cascade,
  requires_second_factor boolean not null default false,
  allowed_methods text[],
  session_hours integer check (session_hours between 1 and 336),
  updated_at timestamptz not null default now()
);
