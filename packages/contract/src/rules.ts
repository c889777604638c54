import { z } from 'zod';
import { severity, type Severity } from './severity.ts';

/** What a finding of a rule says to the person who reads it. Texts are plain text. */
export interface Rule {
  readonly title: string;
  readonly severity: Severity;
  readonly description: string;
  readonly impact: string;
  readonly advice: string;
  readonly cwe?: number;
  readonly references?: readonly string[];
  /** Published flaws that it is about, e.g. `CVE-2021-44228`. */
  readonly cves?: readonly string[];
  readonly cvss?: { readonly score: number; readonly vector: string };
}

/** Begins the id of every rule that comes with a template of a check. */
export const CHECK_RULE_PREFIX = 'check.';
/** Stable id of a rule that comes with a template: the prefix and the template's id. */
export type CheckRuleId = `${typeof CHECK_RULE_PREFIX}${string}`;

/** The rule of a template, as it is kept with the findings of it. */
export const checkRule = z.object({
  title: z.string().min(1).max(300),
  severity,
  description: z.string().max(10_000),
  impact: z.string().max(10_000),
  advice: z.string().max(10_000),
  cwe: z.number().int().min(1).max(99_999).optional(),
  references: z.array(z.string().max(2000)).max(50).optional(),
  cves: z.array(z.string().max(30)).max(50).optional(),
  cvss: z.object({ score: z.number().min(0).max(10), vector: z.string().max(200) }).optional(),
});
export type CheckRule = z.output<typeof checkRule>;

/** Tells the id of a template's rule: short enough for an index, and of characters that any log and URL can hold. */
export function isCheckRuleId(id: string): id is CheckRuleId {
  return /^check\.[A-Za-z0-9][A-Za-z0-9_.:-]{0,93}$/.test(id);
}

/** Every rule of the built-in scanners, by its stable id. */
export const rules = {
  'dns.zone-transfer-allowed': {
    title: 'Name server hands out the whole zone',
    severity: 'medium',
    description:
      'The name server answered a zone transfer (AXFR) request from an arbitrary address with every record of the zone.',
    impact:
      'Anyone can list all host names of the domain, including internal and forgotten ones, and plan an attack from them.',
    advice:
      'Allow zone transfers only to the addresses of your secondary name servers, and sign them with TSIG.',
    cwe: 200,
    references: ['https://www.rfc-editor.org/rfc/rfc5936#section-5'],
  },
  'dns.dangling-cname': {
    title: 'Alias points to a name that no longer exists',
    severity: 'high',
    description: 'The host name is a CNAME for a name that its own zone says does not exist.',
    impact:
      'Whoever can register the missing name, often at a cloud provider for free, serves content under your domain and can read its cookies.',
    advice: 'Remove the DNS record, or create the missing resource again under your own account.',
    cwe: 350,
  },
  'service.redis-unauthenticated': {
    title: 'Redis answers without a password',
    severity: 'critical',
    description: 'The Redis service accepted commands without authentication.',
    impact:
      'Anyone who reaches the port can read, change and delete all data, and on common configurations run code on the host.',
    advice:
      'Bind Redis to an internal address, require authentication (ACL or requirepass), and block the port at the perimeter.',
    cwe: 306,
    references: ['https://redis.io/docs/latest/operate/oss_and_stack/management/security/'],
  },
  'service.ftp-anonymous': {
    title: 'FTP accepts anonymous log-in',
    severity: 'medium',
    description: 'The FTP service accepted the user “anonymous”.',
    impact: 'Anyone can list and download what the account can read, and upload if the folder is writable.',
    advice: 'Switch anonymous access off, or move public downloads to HTTPS.',
    cwe: 284,
  },
  'host.answers-on-every-port': {
    title: 'Address answers on every port',
    severity: 'info',
    description:
      'Every probed TCP port accepted a connection, including ports that no real host uses together.',
    impact:
      'The address is probably a honeypot or sits behind a SYN proxy: its open ports say nothing about real services.',
    advice: 'Check what answers at this address. Its services are left out of the inventory.',
  },
  'tls.certificate-expired': {
    title: 'TLS certificate has expired',
    severity: 'high',
    description: 'The certificate presented for this name is past its end of validity.',
    impact:
      'Clients refuse the connection or teach their users to click warnings away, which makes interception easy.',
    advice: 'Renew the certificate and automate renewal (ACME).',
    cwe: 298,
  },
  'tls.certificate-self-signed': {
    title: 'TLS certificate is self-signed',
    severity: 'medium',
    description: 'The certificate is signed by its own key and not by a certificate authority.',
    impact: 'Clients cannot tell the real server from an impostor.',
    advice:
      'Use a certificate of a public authority, or of your own authority if only managed devices connect.',
    cwe: 295,
  },
  'tls.certificate-name-mismatch': {
    title: 'TLS certificate is for another name',
    severity: 'medium',
    description: 'The certificate presented for this name does not list it.',
    impact: 'Clients refuse the connection or warn; users get used to warnings.',
    advice:
      'Issue a certificate that lists this name, or remove the name’s DNS record if nothing should answer there.',
    cwe: 297,
  },
  'http.missing-hsts': {
    title: 'Strict-Transport-Security is missing',
    severity: 'low',
    description: 'The HTTPS site does not send the Strict-Transport-Security header.',
    impact:
      'A person in the network can keep a visitor on plain HTTP at the first visit and read the session.',
    advice:
      'Send Strict-Transport-Security: max-age=31536000; includeSubDomains once all sub-domains speak HTTPS.',
    cwe: 319,
    references: ['https://www.rfc-editor.org/rfc/rfc6797'],
  },
  'http.missing-csp': {
    title: 'Content-Security-Policy is missing',
    severity: 'low',
    description: 'The site does not send a Content-Security-Policy header.',
    impact:
      'A single injection flaw is enough to run script in visitors’ browsers: there is no second line of defence.',
    advice:
      'Start with a report-only policy, then enforce one with a restrictive default-src and without unsafe-inline.',
    cwe: 693,
  },
  'http.missing-content-type-options': {
    title: 'X-Content-Type-Options is missing',
    severity: 'info',
    description: 'The site does not send X-Content-Type-Options: nosniff.',
    impact: 'Old browsers may interpret uploaded files as script.',
    advice: 'Send X-Content-Type-Options: nosniff with every response.',
    cwe: 693,
  },
  'http.missing-frame-protection': {
    title: 'Site can be framed by others',
    severity: 'low',
    description: 'The site sends neither X-Frame-Options nor a frame-ancestors directive.',
    impact: 'Another site can show it in an invisible frame and trick visitors into clicking (clickjacking).',
    advice: 'Send Content-Security-Policy: frame-ancestors ’self’ (or ’none’).',
    cwe: 1021,
  },
  'http.cookie-without-secure': {
    title: 'Cookie without Secure',
    severity: 'low',
    description: 'An HTTPS site sets a cookie without the Secure attribute.',
    impact: 'The browser also sends the cookie over plain HTTP, where it can be read.',
    advice: 'Set the Secure attribute on every cookie.',
    cwe: 614,
  },
  'http.cookie-without-httponly': {
    title: 'Cookie without HttpOnly',
    severity: 'low',
    description: 'The site sets a cookie that script in the page can read.',
    impact: 'An injected script can steal the cookie.',
    advice: 'Set HttpOnly on every cookie that script does not need.',
    cwe: 1004,
  },
  'http.exposed-git': {
    title: 'Git repository is exposed',
    severity: 'high',
    description: 'The site serves files of its .git folder.',
    impact:
      'Anyone can rebuild the source code and its whole history, including secrets that were once committed.',
    advice:
      'Deny access to .git in the web server, deploy without it, and replace every secret that the history contains.',
    cwe: 527,
  },
  'http.exposed-env': {
    title: 'Environment file with settings is exposed',
    severity: 'critical',
    description: 'The site serves its .env file, which holds settings and usually passwords and keys.',
    impact: 'Anyone can read the credentials of databases and services and use them.',
    advice:
      'Move the file out of the document root, deny dot files in the web server, and replace every secret in it.',
    cwe: 538,
  },
  'http.directory-listing': {
    title: 'Folder contents are listed',
    severity: 'medium',
    description: 'The web server lists the files of a folder that has no index page.',
    impact: 'Anyone can find files that nobody meant to link: backups, drafts, data.',
    advice:
      'Switch directory listing off (Apache: Options -Indexes; nginx: autoindex off) and remove what need not be there.',
    cwe: 548,
  },
  'http.admin-panel': {
    title: 'Administration panel is reachable',
    severity: 'low',
    description: 'A log-in page of an administration interface is reachable from the internet.',
    impact: 'It invites password guessing and attacks on flaws of the product.',
    advice: 'Allow it only from a VPN or an allow-list of addresses, and require a second factor.',
    cwe: 284,
  },
  'http.outdated-product': {
    title: 'Outdated product',
    severity: 'medium',
    description: 'The site runs a version of a product that its maker no longer mends.',
    impact: 'Publicly known flaws of the version stay open.',
    advice: 'Update to a maintained version, and hide the exact version in headers and pages.',
    cwe: 1104,
  },
  'http.catch-all': {
    title: 'Site answers every path alike',
    severity: 'info',
    description: 'The site answers paths that cannot exist with the same successful page.',
    impact: 'Findings that rest on a path alone are unreliable here; the scanners compare contents instead.',
    advice: 'Answer unknown paths with status 404.',
  },
} as const satisfies Record<string, Rule>;

/** Stable id of a built-in rule. */
export type RuleId = keyof typeof rules;
/** Stable id of any rule. */
export type AnyRuleId = RuleId | CheckRuleId;
