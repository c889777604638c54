-- Texts of rules are no secret of a project: who sees only projects reads them with the findings.
do $$ begin
  execute format('grant select on rule to %I', current_schema() || '_p');
end $$;
