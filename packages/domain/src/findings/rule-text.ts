import { checkRule, rules, type Rule } from '@glacis/contract';
import { sql } from '@glacis/db';

const builtIn: Readonly<Record<string, Rule>> = rules;

/**
 * The texts of a rule: a built-in one's, or what is stored of the rule of a template (`rule.body`). One that is neither, as
 * after the way back to an older version, shows its id.
 */
export function ruleOf(ruleId: string, stored: unknown): Rule {
  const known = builtIn[ruleId];
  if (known) return known;
  const parsed = checkRule.safeParse(stored);
  if (!parsed.success)
    return {
      title: ruleId,
      severity: 'info',
      description: 'This version no longer has the rule.',
      impact: '',
      advice: '',
    };
  const { cwe, references, cves, cvss, ...texts } = parsed.data;
  return {
    ...texts,
    ...(cwe === undefined ? {} : { cwe }),
    ...(references === undefined ? {} : { references }),
    ...(cves === undefined ? {} : { cves }),
    ...(cvss === undefined ? {} : { cvss }),
  };
}

/** The condition that a finding’s rule has a text in its title; `pattern` is the text as an ILIKE pattern. */
export function isTitled(text: string, pattern: string) {
  const wanted = text.toLowerCase();
  const ids = Object.keys(builtIn).filter(id => builtIn[id]?.title.toLowerCase().includes(wanted));
  return sql`(f.rule_id = any(${ids}) or f.rule_id in (select r.id from rule r where r.title ilike ${pattern}))`;
}
