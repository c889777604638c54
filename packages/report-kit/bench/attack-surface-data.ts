import type { AttackSurfaceInput } from '../src/index.ts';

/** Rules with the share of hosts that break them, of 100, as a large estate shows them. */
const RULES = [
  ['http.exposed-env', 'critical', 'An environment file can be downloaded', 1],
  ['http.exposed-git', 'high', 'A Git repository can be downloaded', 1],
  ['tls.certificate-expired', 'high', 'The certificate has expired', 4],
  ['dns.dangling-cname', 'high', 'A name points to a service that is gone', 2],
  ['tls.certificate-name-mismatch', 'medium', 'The certificate is for other names', 6],
  ['http.outdated-product', 'medium', 'An outdated product with known weaknesses', 12],
  ['http.directory-listing', 'medium', 'A folder lists its files', 3],
  ['http.missing-csp', 'low', 'No content security policy', 90],
  ['http.missing-hsts', 'low', 'Browsers are not told to use HTTPS only', 80],
  ['http.missing-frame-protection', 'low', 'The site can be framed by others', 85],
  ['http.cookie-without-secure', 'low', 'A cookie is sent without encryption', 30],
  ['http.missing-content-type-options', 'info', 'Browsers may guess content types', 90],
] as const;

/** Text that is different for each number and the same in each run. */
const word = (number: number): string =>
  ['atlas', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'heath'][number % 8] + String(number % 97);

/**
 * Data of an attack-surface report of that many hosts, with `findingsPerHost` findings on each on average; the same for the
 * same numbers. `asset` and `location` are unlike in each finding, as those of a real scan are.
 */
export function attackSurfaceOf(hosts: number): AttackSurfaceInput {
  const nameOf = (host: number): string => `${word(host)}-${host}.${word(host * 7)}.northwind.example`;
  const addressOf = (host: number): string => `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`;
  const all = Array.from({ length: hosts }, (_, host) => host);
  const findings = RULES.flatMap(([ruleId, severity, title, share]) =>
    all
      .filter(host => (host * 37) % 100 < share)
      .map(host => ({
        id: `${ruleId}-${host}`,
        title,
        severity,
        ruleId,
        asset: `https://${nameOf(host)}`,
        location: ruleId === 'http.outdated-product' ? `nginx/1.${host % 20}.0` : `https://${nameOf(host)}/`,
        description: `${title}. Seen on the site's first page and on the pages it links to.`,
        impact: 'Someone who can read or change the traffic learns more than they should.',
        advice: `Configure the server once for all sites:\n\n1. Write the rule \`${ruleId}\` into the common configuration.\n2. Reload and test.`,
        evidence: [
          {
            label: 'Answer',
            text: `HTTP/1.1 200 OK\nserver: nginx/1.${host % 20}.0\nx-host: ${nameOf(host)}`,
          },
        ],
        references: ['https://owasp.org/www-project-secure-headers/'],
        firstSeen: '2026-11-02T08:00:00Z',
      })),
  );
  const severities = Object.fromEntries(
    ['critical', 'high', 'medium', 'low', 'info'].map(level => [
      level,
      findings.filter(({ severity }) => severity === level).length,
    ]),
  );
  return {
    organisation: 'Northwind Freight',
    author: 'Security Operations',
    classification: 'Confidential',
    scope: ['northwind.example'],
    startedAt: '2026-11-19T06:00:00Z',
    endedAt: '2026-11-19T11:30:00Z',
    riskScore: 71,
    totals: { assets: { hostname: hosts, service: hosts * 3, website: hosts }, severities },
    findings,
    inventory: {
      hostnames: all.map(host => ({ name: nameOf(host), addresses: [addressOf(host)], source: 'dns-brute' })),
      services: all.flatMap(host =>
        [80, 443, 8443].map(port => ({
          address: addressOf(host),
          port,
          protocol: 'tcp',
          name: port === 80 ? 'http' : 'https',
          product: `nginx 1.${host % 20}.0`,
        })),
      ),
      websites: all.map(host => ({
        url: `https://${nameOf(host)}`,
        title: `Site of ${word(host)}`,
        status: 200,
        technologies: ['nginx', 'php'],
      })),
      certificates: all.map(host => ({
        subject: nameOf(host),
        issuer: "Let's Encrypt R11",
        names: [nameOf(host), `www.${nameOf(host)}`],
        expiresAt: '2027-01-30T00:00:00Z',
      })),
    },
    coverage: [],
    notes: [],
  };
}
