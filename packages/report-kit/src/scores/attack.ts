/** What an identifier of MITRE ATT&CK names. */
export type AttackKind =
  | 'technique'
  | 'sub-technique'
  | 'tactic'
  | 'mitigation'
  | 'group'
  | 'software'
  | 'campaign'
  | 'data source'
  | 'data component'
  | 'detection strategy'
  | 'asset';

/** An identifier of MITRE ATT&CK. */
export interface AttackId {
  readonly id: string;
  readonly kind: AttackKind;
  /** The technique of a sub-technique. */
  readonly parent: string | null;
  readonly url: string;
}

const FORMS: readonly { pattern: RegExp; kind: AttackKind; path: string }[] = [
  { pattern: /^T\d{4}$/, kind: 'technique', path: 'techniques' },
  { pattern: /^T\d{4}\.\d{3}$/, kind: 'sub-technique', path: 'techniques' },
  { pattern: /^TA\d{4}$/, kind: 'tactic', path: 'tactics' },
  { pattern: /^M\d{4}$/, kind: 'mitigation', path: 'mitigations' },
  { pattern: /^G\d{4}$/, kind: 'group', path: 'groups' },
  { pattern: /^S\d{4}$/, kind: 'software', path: 'software' },
  { pattern: /^C\d{4}$/, kind: 'campaign', path: 'campaigns' },
  { pattern: /^DS\d{4}$/, kind: 'data source', path: 'datasources' },
  { pattern: /^DC\d{4}$/, kind: 'data component', path: 'datacomponents' },
  { pattern: /^DET\d{4}$/, kind: 'detection strategy', path: 'detectionstrategies' },
  { pattern: /^A\d{4}$/, kind: 'asset', path: 'assets' },
];

/** The tactics of the Enterprise matrix, in its order. */
export const ATTACK_TACTICS: Readonly<Record<string, string>> = {
  TA0043: 'Reconnaissance',
  TA0042: 'Resource Development',
  TA0001: 'Initial Access',
  TA0002: 'Execution',
  TA0003: 'Persistence',
  TA0004: 'Privilege Escalation',
  TA0005: 'Defense Evasion',
  TA0006: 'Credential Access',
  TA0007: 'Discovery',
  TA0008: 'Lateral Movement',
  TA0009: 'Collection',
  TA0011: 'Command and Control',
  TA0010: 'Exfiltration',
  TA0040: 'Impact',
};

/** Reads an identifier such as `T1059.001`; undefined when it has no known form. Whether MITRE has given it out is not checked. */
export function parseAttackId(text: string): AttackId | undefined {
  const id = text.trim().slice(0, 20).toUpperCase();
  const form = FORMS.find(({ pattern }) => pattern.test(id));
  if (!form) return undefined;
  const [parent = '', sub] = id.split('.');
  const place = sub === undefined ? id : `${parent}/${sub}`;
  return {
    id,
    kind: form.kind,
    parent: sub === undefined ? null : parent,
    url: `https://attack.mitre.org/${form.path}/${place}/`,
  };
}
