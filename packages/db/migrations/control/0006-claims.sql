-- Who has proven which domain, and when that is looked at again. Two tenants may prove the same one; neither hears of it.
create table control.domain_claim (
  tenant_id uuid not null references control.tenant on delete cascade,
  target_id uuid not null,
  domain text not null,
  method text not null check (method in ('dns', 'file', 'meta', 'email')),
  proven_at timestamptz not null,
  check_due_at timestamptz not null,
  primary key (tenant_id, target_id)
);
create index on control.domain_claim (domain);
create index on control.domain_claim (check_due_at);

-- Messages with codes to the mailboxes of a domain today, all tenants together: nobody's postmaster is to be flooded.
create table control.proof_mail_count (
  domain text primary key,
  day date not null,
  sent integer not null
);

-- A member either sees the whole tenant or only their projects.
alter table control.membership add column scope text not null default 'tenant' check (scope in ('tenant', 'projects'));
