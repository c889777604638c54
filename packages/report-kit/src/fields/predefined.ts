import { SEVERITIES } from '../scores/index.ts';
import type { FieldDefinition } from './definition.ts';

const capitalise = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function predefined<Definition extends FieldDefinition>(definition: Definition): Definition {
  return { ...definition, help_text: null, origin: 'predefined' };
}

const markdown = (id: string, label: string): FieldDefinition =>
  predefined({ id, type: 'markdown', label, default: null, required: true });

const choices = (...values: readonly string[]): { value: string; label: string }[] =>
  values.map(value => ({ value, label: capitalise(value) }));

/** https://owasp.org/Top10/2021, in its order. */
const OWASP_TOP10_2021 = [
  'Broken Access Control',
  'Cryptographic Failures',
  'Injection',
  'Insecure Design',
  'Security Misconfiguration',
  'Vulnerable and Outdated Components',
  'Identification and Authentication Failures',
  'Software and Data Integrity Failures',
  'Security Logging and Monitoring Failures',
  'Server-Side Request Forgery',
];

/** The chapters of the OWASP Web Security Testing Guide, by the short names of its tests (`WSTG-INPV-01`). */
const WSTG_CATEGORIES: readonly (readonly [string, string])[] = [
  ['INFO', 'Information Gathering'],
  ['CONF', 'Configuration and Deployment Management'],
  ['IDNT', 'Identity Management'],
  ['ATHN', 'Authentication'],
  ['ATHZ', 'Authorization'],
  ['SESS', 'Session Management'],
  ['INPV', 'Input Validation'],
  ['ERRH', 'Error Handling'],
  ['CRYP', 'Weak Cryptography'],
  ['BUSL', 'Business Logic'],
  ['CLNT', 'Client-side'],
  ['APIT', 'API'],
];

/** The field that every finding and every report has. */
export const TITLE_FIELD: FieldDefinition = {
  id: 'title',
  type: 'string',
  label: 'Title',
  help_text: null,
  origin: 'core',
  default: 'TODO',
  required: true,
  spellcheck: true,
  pattern: null,
};

/** Finding fields whose id has a known type, so that templates and imports fit any design that has them. */
export const FINDING_FIELDS: readonly FieldDefinition[] = [
  TITLE_FIELD,
  predefined({ id: 'cvss', type: 'cvss', label: 'CVSS', default: 'n/a', required: true, cvss_version: null }),
  predefined({
    id: 'severity',
    type: 'enum',
    label: 'Severity',
    choices: choices(...SEVERITIES.toReversed()),
    default: 'info',
    required: true,
  }),
  markdown('summary', 'Summary'),
  markdown('description', 'Description'),
  markdown('precondition', 'Precondition'),
  markdown('impact', 'Impact'),
  markdown('recommendation', 'Recommendation'),
  predefined({
    id: 'short_recommendation',
    type: 'string',
    label: 'Short recommendation',
    default: null,
    required: true,
    spellcheck: true,
    pattern: null,
  }),
  predefined({
    id: 'references',
    type: 'list',
    label: 'References',
    required: false,
    items: {
      id: '',
      type: 'string',
      label: 'Reference',
      default: null,
      required: true,
      spellcheck: false,
      pattern: null,
    },
  }),
  predefined({
    id: 'affected_components',
    type: 'list',
    label: 'Affected components',
    required: true,
    items: {
      id: '',
      type: 'string',
      label: 'Component',
      default: null,
      required: true,
      spellcheck: false,
      pattern: null,
    },
  }),
  predefined({
    id: 'owasp_top10_2021',
    type: 'enum',
    label: 'OWASP Top 10 (2021)',
    choices: OWASP_TOP10_2021.map((label, index) => ({
      value: `A${String(index + 1).padStart(2, '0')}_2021`,
      label: `A${String(index + 1).padStart(2, '0')}:2021 ${label}`,
    })),
    default: null,
    required: true,
  }),
  predefined({
    id: 'wstg_category',
    type: 'enum',
    label: 'OWASP WSTG category',
    choices: WSTG_CATEGORIES.map(([value, label]) => ({ value, label: `${value} ${label}` })),
    default: null,
    required: true,
  }),
  markdown('retest_notes', 'Retest notes'),
  predefined({
    id: 'retest_status',
    type: 'enum',
    label: 'Retest status',
    choices: choices('new', 'open', 'resolved', 'partial', 'changed', 'accepted'),
    default: null,
    required: true,
  }),
];

/** Report fields whose id has a known type. */
export const REPORT_FIELDS: readonly FieldDefinition[] = [
  TITLE_FIELD,
  predefined({ id: 'is_retest', type: 'boolean', label: 'Is a retest', default: false }),
];
