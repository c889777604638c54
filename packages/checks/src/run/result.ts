import type { TemplateInfo } from '../template/model.ts';

/** What an out-of-band server saw. */
export interface Interaction {
  /** `dns`, `http`, `smtp`, `ldap` … */
  readonly protocol: string;
  readonly 'unique-id': string;
  readonly 'full-id': string;
  readonly 'q-type'?: string;
  readonly 'raw-request'?: string;
  readonly 'raw-response'?: string;
  readonly 'remote-address'?: string;
  readonly timestamp: string;
}

/** One match, with the keys that the community's JSON lines have. */
export interface CheckResult {
  /** Path of the template below its root. */
  readonly template: string;
  readonly 'template-id': string;
  readonly 'template-path': string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly 'matcher-name'?: string;
  readonly 'extractor-name'?: string;
  readonly type: string;
  readonly host: string;
  readonly port?: string;
  readonly scheme?: string;
  readonly url?: string;
  readonly path?: string;
  readonly 'matched-at': string;
  readonly 'extracted-results'?: readonly string[];
  readonly request?: string;
  readonly response?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly ip?: string;
  readonly timestamp: string;
  readonly interaction?: Interaction;
  readonly 'curl-command'?: string;
  readonly 'matcher-status': boolean;
  readonly 'matched-line'?: readonly number[];
}

/** `info` as results carry it: absent fields left out. */
export function infoRecord(info: TemplateInfo): Readonly<Record<string, unknown>> {
  return {
    name: info.name,
    author: info.author,
    tags: info.tags,
    ...(info.description === undefined ? {} : { description: info.description }),
    ...(info.impact === undefined ? {} : { impact: info.impact }),
    ...(info.reference.length === 0 ? {} : { reference: info.reference }),
    severity: info.severity,
    ...(info.metadata === undefined ? {} : { metadata: info.metadata }),
    ...(info.classification === undefined ? {} : { classification: info.classification }),
    ...(info.remediation === undefined ? {} : { remediation: info.remediation }),
  };
}
