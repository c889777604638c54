-- Who comes by what: sessions that know how they began, tokens, signing keys; the audit chains; shared rate limits.
alter table control.session
  add column id uuid not null default gen_random_uuid() unique,
  add column authenticated_at timestamptz not null default now(),
  add column methods text[] not null default '{}';

-- Secrets of API clients; only the SHA-256 of each is stored. A personal token acts for its person, a service token for its
-- tenant alone.
create table control.api_token (
  id uuid primary key,
  kind text not null check (kind in ('personal', 'service')),
  name text not null check (length(name) between 1 and 100),
  secret_hash text not null unique,
  hint text not null,
  user_id uuid references control.user_account on delete cascade,
  tenant_id uuid references control.tenant on delete cascade,
  scopes text[] not null,
  addresses text[] not null default '{}',
  created_at timestamptz not null default now(),
  created_by uuid references control.user_account on delete set null,
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_address inet,
  revoked_at timestamptz,
  check ((kind = 'personal') = (user_id is not null)),
  check (kind = 'personal' or tenant_id is not null)
);
create index on control.api_token (user_id);
create index on control.api_token (tenant_id);

-- A family of access and refresh tokens; it ends with the session or the token that it was made from.
create table control.token_grant (
  id uuid primary key,
  session_id uuid references control.session (id) on delete cascade,
  api_token_id uuid references control.api_token on delete cascade,
  tenant_id uuid references control.tenant on delete cascade,
  scopes text[],
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  check (num_nonnulls(session_id, api_token_id) = 1)
);
create index on control.token_grant (session_id);
create index on control.token_grant (api_token_id);

create table control.refresh_token (
  token_hash text primary key,
  grant_id uuid not null references control.token_grant on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index on control.refresh_token (grant_id);

-- The private half is sealed with the master key.
create table control.signing_key (
  kid text primary key,
  public_jwk jsonb not null,
  sealed bytea not null,
  created_at timestamptz not null default now()
);

-- The end of each audit chain: the lock that appends take one after the other, and the anchor that shows a cut-off tail.
-- `chain` is a tenant's id or 'platform'.
create table control.audit_head (
  chain text primary key,
  seq bigint not null,
  hash bytea not null,
  at timestamptz not null
);

-- What belongs to no tenant. `body` is canonical JSON; hash = SHA-256(previous hash, seq, newline, body).
create table control.audit_record (
  seq bigint primary key,
  at timestamptz not null,
  previous_hash bytea not null,
  hash bytea not null,
  body text not null,
  actor text not null generated always as
    (coalesce(body::jsonb #>> '{actor,name}', '') || ' ' || coalesce(body::jsonb #>> '{actor,id}', '')) stored,
  action text not null generated always as (body::jsonb ->> 'action') stored,
  outcome text not null generated always as (body::jsonb ->> 'outcome') stored
);
create index on control.audit_record (at);
create index on control.audit_record (action, seq);

-- Actions that have begun. One that never ends becomes a record whose outcome is unknown.
create table control.audit_intent (
  id uuid primary key,
  tenant_id uuid references control.tenant on delete cascade,
  at timestamptz not null default clock_timestamp(),
  body text not null
);
create index on control.audit_intent (at);

-- Appends a record to a tenant's chain, or to the platform's when the tenant is null, and ends the intent. The head is
-- locked until the transaction ends, so call it last.
create function control.audit_append(of_tenant uuid, of_intent uuid, of_body text)
returns bigint
language plpgsql as $$
declare
  head control.audit_head;
  target text := case when of_tenant is null then 'control' else 't_' || replace(of_tenant::text, '-', '') end;
  next_seq bigint;
  next_hash bytea;
  made_at timestamptz := (of_body::jsonb ->> 'at')::timestamptz;
begin
  insert into control.audit_head (chain, seq, hash, at)
    values (coalesce(of_tenant::text, 'platform'), 0, decode(repeat('00', 32), 'hex'), made_at)
    on conflict (chain) do nothing;
  select * into strict head from control.audit_head where chain = coalesce(of_tenant::text, 'platform') for update;
  next_seq := head.seq + 1;
  next_hash := sha256(head.hash || convert_to(next_seq::text || chr(10) || of_body, 'UTF8'));
  execute format('insert into %I.audit_record (seq, at, previous_hash, hash, body) values ($1, $2, $3, $4, $5)', target)
    using next_seq, made_at, head.hash, next_hash, of_body;
  update control.audit_head set seq = next_seq, hash = next_hash, at = made_at where chain = head.chain;
  delete from control.audit_intent where id = of_intent;
  return next_seq;
end $$;

-- Requests counted by subject and window, shared by all server processes. Unlogged: after a crash every window starts anew.
create unlogged table control.rate_window (
  subject text not null,
  window_start bigint not null,
  used integer not null,
  primary key (subject, window_start)
);
create index on control.rate_window (window_start);
