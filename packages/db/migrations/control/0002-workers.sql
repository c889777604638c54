-- A worker is alive while its session holds the advisory lock (class 71, lock_key); nobody has to guess from timeouts.
create table control.worker (
  id uuid primary key,
  lock_key integer not null unique,
  queues text[] not null,
  started_at timestamptz not null default now()
);
create sequence control.worker_lock_key as integer cycle;

create table control.job_claim (
  job_id uuid primary key,
  queue text not null,
  worker_id uuid not null references control.worker on delete cascade,
  claimed_at timestamptz not null default now()
);
create index on control.job_claim (worker_id);

-- Token bucket per address, shared by all tenants and workers. Unlogged: after a crash every bucket starts full once.
create unlogged table control.address_budget (
  address inet primary key,
  tokens double precision not null,
  updated_at timestamptz not null
);

-- Takes up to `wanted` tokens from an address's bucket. Returns how many were granted, and how long to wait when none.
create function control.lease_budget(of_address inet, wanted integer, rate double precision, burst double precision)
returns table (granted integer, wait_ms double precision)
language plpgsql as $$
declare
  bucket control.address_budget;
  available double precision;
  take integer;
begin
  insert into control.address_budget as b (address, tokens, updated_at)
    values (of_address, burst, clock_timestamp())
    on conflict (address) do update
      set tokens = least(burst, b.tokens + rate * extract(epoch from clock_timestamp() - b.updated_at)),
          updated_at = clock_timestamp()
    returning * into bucket;
  available := floor(bucket.tokens);
  take := least(wanted, available)::integer;
  if take > 0 then
    update control.address_budget set tokens = tokens - take where address = of_address;
    return query select take, 0::double precision;
  else
    return query select 0, (1 - bucket.tokens) / rate * 1000;
  end if;
end $$;
