import { adminPaths, commonFolders, exposedFiles } from './exposures.ts';

/** Templates whose whole subject another scanner reports, by id, with who does. They run only when they are asked for by id. */
export const reportedElsewhere: Readonly<Record<string, string>> = {
  'directory-listing': 'exposed-files',
  'exposed-git-config': 'exposed-files',
  'exposed-git-head': 'exposed-files',
  'git-config': 'exposed-files',
  'expired-ssl': 'tls-inspect',
  'mismatched-ssl': 'tls-inspect',
  'mismatched-ssl-certificate': 'tls-inspect',
  'self-signed-ssl': 'tls-inspect',
  'tls-certificate-expired': 'tls-inspect',
  'tls-certificate-mismatch': 'tls-inspect',
  'tls-certificate-self-signed': 'tls-inspect',
  'http-missing-security-headers': 'http-headers',
  'insecure-cookie': 'http-headers',
  'missing-security-headers': 'http-headers',
  'server-version-disclosed': 'http-probe',
  'exposed-redis': 'service-banner',
  'ftp-anonymous': 'service-banner',
  'ftp-anonymous-login': 'service-banner',
  'redis-open': 'service-banner',
  'panel-joomla': 'exposed-files',
  'panel-wordpress': 'exposed-files',
};

/** Templates that look at paths of `exposed-files` and at others: a match at one of its paths is left to it. */
const sharing: ReadonlySet<string> = new Set([
  'exposed-env-file',
  'generic-env',
  'panel-adminer',
  'panel-cpanel',
  'panel-phpmyadmin',
  'phpmyadmin-panel',
]);

const sharedPaths: ReadonlySet<string> = new Set([
  ...exposedFiles.map(({ path }) => path),
  ...adminPaths.map(({ path }) => path),
  ...commonFolders,
]);

/** Whether `exposed-files` reports what a template found at a path. */
export function isFoundElsewhere(templateId: string, path: string): boolean {
  return sharing.has(templateId) && sharedPaths.has(path);
}
