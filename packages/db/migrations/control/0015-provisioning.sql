-- People and groups as a tenant's identity provider told them (SCIM 2.0). What is kept here is the tenant's own word: the
-- account, which may belong to other tenants too, is neither read nor changed.
create table control.scim_user (
  id uuid primary key,
  tenant_id uuid not null references control.tenant on delete cascade,
  -- The account that is a member for as long as the entry is active; none until it has been active once.
  user_id uuid references control.user_account on delete set null,
  user_name text not null check (length(user_name) between 1 and 254),
  email text not null check (email = lower(email) and length(email) between 3 and 254),
  external_id text check (length(external_id) <= 300),
  display_name text not null default '' check (length(display_name) <= 300),
  given_name text not null default '' check (length(given_name) <= 300),
  family_name text not null default '' check (length(family_name) <= 300),
  is_active boolean not null,
  -- Whether role and scope of the membership follow the groups; not so for who was a member before.
  is_managed boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index scim_user_name on control.scim_user (tenant_id, lower(user_name));
create unique index scim_user_email on control.scim_user (tenant_id, email);
create unique index scim_user_account on control.scim_user (tenant_id, user_id);
create index on control.scim_user (user_id);

-- An admin of the tenant maps a group to a role, or to a level in a project.
create table control.scim_group (
  id uuid primary key,
  tenant_id uuid not null references control.tenant on delete cascade,
  display_name text not null check (length(display_name) between 1 and 300),
  external_id text check (length(external_id) <= 300),
  role text check (role in ('admin', 'operator', 'observer')),
  project_id uuid,
  level text check (level in ('read', 'comment', 'write', 'lead')),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((project_id is null) = (level is null)),
  check (role is null or project_id is null)
);
create unique index scim_group_name on control.scim_group (tenant_id, lower(display_name));

create table control.scim_group_member (
  group_id uuid not null references control.scim_group on delete cascade,
  scim_user_id uuid not null references control.scim_user on delete cascade,
  primary key (group_id, scim_user_id)
);
create index on control.scim_group_member (scim_user_id);

-- Grants in projects that came from groups: only these are taken back again.
create table control.scim_grant (
  scim_user_id uuid not null references control.scim_user on delete cascade,
  project_id uuid not null,
  level text not null,
  primary key (scim_user_id, project_id)
);
