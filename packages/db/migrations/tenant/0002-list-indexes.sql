-- For the lists at 100,000 rows: an order for each column they sort by, and counts that need not read the evidence.
create index on asset (first_seen, id);
create index on finding (first_seen, id);
create index on finding (last_seen, id);
create index on finding (severity_rank desc, last_seen desc, id);
create index on finding (state, severity_rank, rule_id);
