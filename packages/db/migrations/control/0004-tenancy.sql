-- Plans and what of them is used, mails that wait, invitations, sign-ups, payments, support access, feature switches.

-- What a tenant may have. A limit that is null is none.
create table control.plan (
  id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  description text not null default '' check (length(description) <= 1000),
  price_cents integer not null default 0 check (price_cents >= 0),
  currency text not null default 'eur' check (currency ~ '^[a-z]{3}$'),
  stripe_price text,
  max_domains integer check (max_domains >= 0),
  max_scans_per_day integer check (max_scans_per_day >= 0),
  max_users integer check (max_users >= 1),
  retention_days integer check (retention_days >= 1),
  is_public boolean not null default false,
  is_default boolean not null default false,
  position integer not null default 0,
  created_at timestamptz not null default now()
);
-- Tenants without a plan of their own have this one.
create unique index plan_default on control.plan (is_default) where is_default;
insert into control.plan (id, name, description, is_default)
  values ('01920000-0000-7000-8000-000000000001', 'Unlimited', 'Everything, without limits.', true);

-- deleting: not usable, its data is still there until delete_after; shredding: its key is gone, the rest is going.
alter table control.tenant drop constraint tenant_state_check;
alter table control.tenant add constraint tenant_state_check
  check (state in ('active', 'suspended', 'deleting', 'shredding'));
alter table control.tenant
  add column plan_id uuid references control.plan on delete restrict,
  add column suspended_reason text,
  add column delete_after timestamptz;
create index on control.tenant (created_at desc, id);

-- Counted here and not in the tenant's tables, so that removing what was counted does not give it back.
create table control.plan_use (
  tenant_id uuid not null references control.tenant on delete cascade,
  kind text not null check (kind in ('scans')),
  day date not null,
  used integer not null check (used >= 0),
  primary key (tenant_id, kind, day)
);

-- Mails that wait to be sent. The content is sealed with the master key: it holds one-time links.
create table control.mail (
  id uuid primary key,
  recipient text not null check (length(recipient) between 3 and 254),
  purpose text not null,
  sealed bytea,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index on control.mail (next_at) where state = 'waiting';
create index on control.mail (state, created_at);

-- How often somebody had mails sent, by who is written to and by who asked.
create table control.mail_allowance (
  subject text primary key,
  window_start timestamptz not null,
  used integer not null
);

create table control.invitation (
  id uuid primary key,
  tenant_id uuid not null references control.tenant on delete cascade,
  email text not null check (email = lower(email) and length(email) between 3 and 254),
  role text not null check (role in ('admin', 'operator', 'observer')),
  token_hash text not null unique,
  invited_by uuid references control.user_account on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create unique index on control.invitation (tenant_id, email);

create table control.password_reset (
  token_hash text primary key,
  user_id uuid not null references control.user_account on delete cascade,
  expires_at timestamptz not null
);
create index on control.password_reset (user_id);

-- One change at a time; it happens when both addresses have said yes.
create table control.email_change (
  user_id uuid primary key references control.user_account on delete cascade,
  new_email text not null check (new_email = lower(new_email) and length(new_email) between 3 and 254),
  old_token_hash text not null unique,
  new_token_hash text not null unique,
  old_confirmed_at timestamptz,
  new_confirmed_at timestamptz,
  expires_at timestamptz not null
);

-- Somebody on the way to a tenant. The row goes when the tenant is there and its admin has come in, or some time after it has
-- expired: a payment may be told late.
create table control.sign_up (
  id uuid primary key,
  email text not null check (email = lower(email) and length(email) between 3 and 254),
  token_hash text not null unique,
  state text not null default 'mailed' check (state in ('mailed', 'paying', 'waiting', 'ready')),
  plan_id uuid references control.plan on delete set null,
  slug text,
  organisation text,
  person text,
  password_hash text,
  domain text,
  checkout_id text unique,
  -- Whether the account was made with the tenant; then the link of the sign-up signs in once.
  makes_account boolean not null default false,
  tenant_id uuid references control.tenant on delete cascade,
  address text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
-- A slug is kept for who is paying for it until the row expires.
create index on control.sign_up (slug);
create index on control.sign_up (expires_at);

create table control.subscription (
  tenant_id uuid primary key references control.tenant on delete cascade,
  provider text not null check (provider in ('stripe')),
  customer_id text not null,
  subscription_id text not null unique,
  status text not null,
  current_period_end timestamptz,
  is_ending boolean not null default false,
  updated_at timestamptz not null default now()
);

-- Events of the payment provider that were handled; one that comes again changes nothing.
create table control.payment_event (
  id text primary key,
  type text not null,
  received_at timestamptz not null default now()
);
create index on control.payment_event (received_at);

-- A tenant lets the platform's administrators in, for a time and with a role.
create table control.support_grant (
  id uuid primary key,
  tenant_id uuid not null references control.tenant on delete cascade,
  role text not null check (role in ('admin', 'operator', 'observer')),
  reason text not null default '' check (length(reason) <= 500),
  granted_by uuid references control.user_account on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  last_used_at timestamptz,
  last_used_by uuid references control.user_account on delete set null
);
create index on control.support_grant (tenant_id, expires_at);
create index on control.support_grant (expires_at) where revoked_at is null;

-- Without a tenant: for all of the platform.
create table control.feature_switch (
  feature text not null,
  tenant_id uuid references control.tenant on delete cascade,
  is_on boolean not null,
  unique nulls not distinct (feature, tenant_id)
);
