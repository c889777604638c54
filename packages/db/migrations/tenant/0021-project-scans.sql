-- These tables hold ids alone, and what they name shows by its own policy: the scan decides, looked up once a query instead
-- of once a row.
alter policy projects on scan_asset using (scan_id in (select s.id from scan s));
alter policy projects on scan_finding using (scan_id in (select s.id from scan s));
