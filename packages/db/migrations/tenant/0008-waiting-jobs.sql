-- A job that no worker has begun takes further assets of its scanner, up to a batch: large scans run in full batches.
alter table scan_job add column begun boolean not null default false;
create index scan_job_waiting on scan_job (scan_id, scanner, id) where state = 'open' and not begun;
