-- Which tenants a session has entered: the first time is recorded in the tenant's audit chain.
create table control.session_tenant (
  session_id uuid not null references control.session (id) on delete cascade,
  tenant_id uuid not null references control.tenant on delete cascade,
  entered_at timestamptz not null default clock_timestamp(),
  primary key (session_id, tenant_id)
);
create index on control.session_tenant (tenant_id);
