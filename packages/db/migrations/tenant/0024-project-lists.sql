-- Searches of people who see only projects, at 100,000 rows: what shows of an asset is what shows of its targets. The set of
-- targets is looked up once a query, and one look-up by index is left for an asset, or one pass for all of them.
do $$
declare
  by_asset text := 'exists (select 1 from asset_target l where l.asset_id = %s)';
begin
  execute 'alter policy projects on asset_target using (target_id in (select p.target_id from project_target p
    where p.project_id = any (string_to_array(current_setting(''glacis.projects''), '','')::uuid[])))';
  execute format('alter policy projects on asset using (%s)', format(by_asset, 'asset.id'));
  execute format('alter policy projects on finding using (%s)', format(by_asset, 'finding.asset_id'));
  execute format('alter policy projects on coverage using (%s)', format(by_asset, 'coverage.asset_id'));
  execute format('alter policy projects on edge using (%s and %s)', format(by_asset, 'edge.from_id'), format(by_asset, 'edge.to_id'));
end $$;
