import type { CheckResult } from '@glacis/checks';
import { severity, type AssetRef, type Rule, type Severity } from '@glacis/contract';
import type { Evidence, FindingObservation } from '@glacis/engine';
import { isFoundElsewhere } from '../data/reported-elsewhere.ts';
import { ruleIdOf } from './check-selection.ts';
import { withoutSecrets } from './secrets.ts';

const MAX_SHOWN = 4000;
const MAX_VALUES = 50;
const MAX_TEXT = 10_000;
/** What `{{randstr}}` makes: it differs in each scan and must not make another finding of the same weakness. */
const RANDOM_WORD = /[0-9A-Za-z]{27}/g;
/** Headers that differ from one answer to the next and prove nothing. */
const FLEETING_HEADER = /^(?:date|age|expires|last-modified|etag|set-cookie|x-request-id|cf-ray): .*\r?\n/gim;

/** Turns a match into a finding of the asset that it was run for; undefined for what another scanner reports. */
export function findingOf(result: CheckResult, asset: AssetRef): FindingObservation | undefined {
  const id = result['template-id'];
  const ruleId = ruleIdOf(id);
  const path = placeOn(result['matched-at'], asset);
  if (ruleId === undefined || isFoundElsewhere(id, path)) return undefined;
  const name = result['matcher-name'] ?? result['extractor-name'];
  return {
    type: 'finding',
    ruleId,
    rule: ruleOf(result),
    asset: { kind: asset.kind, key: asset.key },
    parameter: [path, name].filter(Boolean).join(' · ').slice(0, 500),
    confidence: 'firm',
    evidence: evidenceOf(result, name),
  };
}

/** Where on the asset it matched: the path of a website, nothing for the service or site itself, else the whole place. */
function placeOn(matchedAt: string, { kind, key }: AssetRef): string {
  const place = matchedAt.replace(RANDOM_WORD, '*');
  if (kind === 'service') return '';
  // A template may ask for the site itself with and without the slash: one place.
  if (place === key) return '/';
  const bare = key.replace(/^https?:\/\//, '');
  const rest = [`${key}`, key.replace(/^http/, 'ws'), bare].find(start => place.startsWith(start));
  if (rest !== undefined) return place.slice(rest.length).replace(/^:(?:80|443)$/, '');
  const isOwnHost = place.startsWith(bare.replace(/:\d+$/, ''));
  return isOwnHost && !place.includes('/') ? '' : place;
}

function evidenceOf(result: CheckResult, name: string | undefined): Evidence[] {
  const { request, response } = result;
  const values = result['extracted-results'] ?? [];
  const fixed = (text: string) => withoutSecrets(text.replace(RANDOM_WORD, '*'));
  return [
    {
      label: 'Template',
      text: name === undefined ? result['template-id'] : `${result['template-id']}: ${name}`,
    },
    ...(values.length === 0
      ? []
      : [{ label: 'Extracted', text: values.slice(0, MAX_VALUES).map(fixed).join('\n') }]),
    ...(request ? [{ label: 'Request', text: shown(fixed(request)) }] : []),
    ...(response ? [{ label: 'Response', text: shown(fixed(response.replace(FLEETING_HEADER, ''))) }] : []),
  ];
}

function shown(text: string): string {
  return text.length <= MAX_SHOWN
    ? text
    : `${text.slice(0, MAX_SHOWN)}\n… ${text.length - MAX_SHOWN} more characters`;
}

/** What the template says of itself, within the limits of a rule. */
function ruleOf({ info, 'template-id': id }: CheckResult): Rule {
  const classification = recordOf(info['classification']);
  const cwe = Number(/^cwe-(\d{1,5})$/i.exec(textsOf(classification['cwe-id'])[0] ?? '')?.[1]);
  const score = Number(classification['cvss-score']);
  const vector = textsOf(classification['cvss-metrics'])[0];
  const cves = textsOf(classification['cve-id']).map(cve => cve.toUpperCase().slice(0, 30));
  const references = textsOf(info['reference']).filter(text => text.length <= 2000);
  return {
    title: (textsOf(info['name'])[0] ?? id).slice(0, 300),
    severity: severityOf(info['severity']),
    description: (textsOf(info['description'])[0] ?? '').slice(0, MAX_TEXT),
    impact: (textsOf(info['impact'])[0] ?? '').slice(0, MAX_TEXT),
    advice: (textsOf(info['remediation'])[0] ?? '').slice(0, MAX_TEXT),
    ...(cwe >= 1 ? { cwe } : {}),
    ...(references.length > 0 ? { references: references.slice(0, 50) } : {}),
    ...(cves.length > 0 ? { cves: cves.slice(0, 50) } : {}),
    ...(vector !== undefined && score >= 0 && score <= 10
      ? { cvss: { score, vector: vector.slice(0, 200) } }
      : {}),
  };
}

function severityOf(value: unknown): Severity {
  const parsed = severity.safeParse(value);
  return parsed.success ? parsed.data : 'info';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((each): each is string => typeof each === 'string' && each.trim() !== '');
}
