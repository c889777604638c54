/** Writes docs/errors.md from the catalogue. */
import { errorCatalogue } from '../packages/contract/src/errors.ts';

const AREAS: Readonly<Record<string, string>> = {
  auth: 'Signing in and permissions',
  factor: 'Second factors',
  passkey: 'Passkeys',
  sso: 'Identity providers',
  scim: 'Provisioning (SCIM)',
  request: 'Requests',
  link: 'One-time links',
  member: 'Members',
  mail: 'Mails',
  plan: 'Plans',
  payment: 'Payments',
  'sign-up': 'Signing up',
  tenant: 'Tenants',
  target: 'Targets',
  scope: 'Scope',
  scan: 'Scans',
  engine: 'Engines',
  report: 'Reports',
  token: 'Tokens',
  audit: 'Audit log',
  data: 'Data folder and database',
  storage: 'Stored files',
  config: 'Settings',
  render: 'Rendering',
  server: 'Server',
  internal: 'Inside Glacis',
};

/** The page as Markdown. @throws Error when an area of codes has no heading here. */
export function errorPage(): string {
  const areas = Map.groupBy(Object.entries(errorCatalogue), ([code]) => code.split('.')[0] ?? '');
  const sections = [...areas].flatMap(([area, entries]) => {
    const heading = AREAS[area];
    if (!heading) throw new Error(`Give the error codes “${area}.…” a heading in tools/error-page.ts.`);
    return [
      `## ${heading}`,
      '',
      '| code | status | meaning |',
      '|---|---|---|',
      ...entries.map(([code, entry]) => `| \`${code}\` | ${entry.status} | ${entry.meaning} |`),
      '',
    ];
  });
  return [
    '# Error codes',
    '',
    'Written by `npm run gen` from `packages/contract/src/errors.ts`.',
    '',
    'A failed request answers `{"error": {"code", "message", "requestId", "fields"}}`. The code is stable and safe to rely on; the message is a sentence for a person and may change; `fields` says which parts of the request are wrong. Commands print the message alone.',
    '',
    ...sections,
  ].join('\n');
}
