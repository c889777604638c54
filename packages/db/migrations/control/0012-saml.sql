-- Assertions of SAML providers that have let somebody in: each counts once, on whatever server it arrives.
create table control.saml_assertion (
  connection_id uuid not null references control.sso_connection on delete cascade,
  assertion_id text not null check (length(assertion_id) between 1 and 256),
  -- After this the assertion is too old anyway.
  expires_at timestamptz not null,
  primary key (connection_id, assertion_id)
);
create index on control.saml_assertion (expires_at);
