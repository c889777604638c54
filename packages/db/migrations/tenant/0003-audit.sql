-- The tenant's audit chain. `body` is canonical JSON; hash = SHA-256(previous hash, seq, newline, body). Its head lies in
-- control.audit_head, and only control.audit_append writes here: the tenant's role may read.
create table audit_record (
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
create index on audit_record (at);
create index on audit_record (action, seq);
do $$ begin
  execute format('revoke insert, update, delete, truncate on audit_record from %I', current_schema());
end $$;
