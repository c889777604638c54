-- Identity providers of tenants, and whom they vouch for.

-- A provider speaks for e-mail addresses of its domains alone, and of these only while the tenant has them proven.
create table control.sso_connection (
  id uuid primary key,
  tenant_id uuid not null references control.tenant on delete cascade,
  kind text not null check (kind in ('oidc', 'saml')),
  name text not null check (length(name) between 1 and 100),
  is_enabled boolean not null default true,
  domains text[] not null check (cardinality(domains) between 1 and 50),
  -- Null: only who is a member already may come in.
  default_role text check (default_role in ('admin', 'operator', 'observer')),
  groups_claim text check (length(groups_claim) <= 200),
  group_roles jsonb not null default '[]',
  settings jsonb not null,
  -- The client secret, sealed with the tenant's key.
  sealed bytea,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index on control.sso_connection (tenant_id);
create index on control.sso_connection using gin (domains);

-- An account as a provider names it.
create table control.sso_identity (
  connection_id uuid not null references control.sso_connection on delete cascade,
  issuer text not null check (length(issuer) <= 2000),
  subject text not null check (length(subject) <= 1000),
  user_id uuid not null references control.user_account on delete cascade,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  primary key (connection_id, issuer, subject)
);
create index on control.sso_identity (user_id);
