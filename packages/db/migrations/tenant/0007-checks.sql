-- Rules that come with templates of checks, as the template said it when it last found something.
create table rule (
  id text primary key,
  title text not null,
  body jsonb not null
);

-- What was looked for on an asset, where that depends on the asset: a set of rules is stored once and shared.
create table rule_set (
  id text primary key,
  rules text[] not null
);
alter table coverage add column rule_set_id text references rule_set;
