-- What anybody who signs up may choose: with limits. Whoever runs the platform changes it, or adds others. Tenants that the
-- platform makes stay on the default plan, which has none.
insert into control.plan (id, name, description, max_domains, max_scans_per_day, max_users, retention_days, is_public, position)
  select '01920000-0000-7000-8000-000000000002', 'Small team', 'One domain, watched daily, for a small team.', 1, 5, 3, 90, true, 1000
  where not exists (select 1 from control.plan where is_public);
