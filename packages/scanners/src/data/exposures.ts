import type { RuleId } from '@glacis/contract';

/** A file whose content, not its mere presence, proves that it is exposed. */
export interface ExposedFile {
  readonly path: string;
  readonly ruleId: Extract<RuleId, 'http.exposed-git' | 'http.exposed-env'>;
  /** Runs over the first 4 KiB. */
  readonly proof: RegExp;
}

/** Checked on every website. For each rule the first path that proves it is reported. */
export const exposedFiles: readonly ExposedFile[] = [
  {
    path: '/.git/HEAD',
    ruleId: 'http.exposed-git',
    proof: /^(?:ref: refs\/[\w./-]{1,200}|[0-9a-f]{40})\s*$/,
  },
  { path: '/.git/config', ruleId: 'http.exposed-git', proof: /^\s{0,20}\[core\]\s/ },
  {
    path: '/.env',
    ruleId: 'http.exposed-env',
    proof: /^(?:#[^\n]{0,300}\n|\s{0,10}\n){0,20}(?:export )?[A-Z][A-Z0-9_]{1,60} ?=/,
  },
  {
    path: '/.env.production',
    ruleId: 'http.exposed-env',
    proof: /^(?:#[^\n]{0,300}\n|\s{0,10}\n){0,20}(?:export )?[A-Z][A-Z0-9_]{1,60} ?=/,
  },
];

/** Folders that are tried for a listing beside those that the start page names. */
export const commonFolders: readonly string[] = [
  '/assets/',
  '/backup/',
  '/backups/',
  '/data/',
  '/downloads/',
  '/files/',
  '/images/',
  '/static/',
  '/uploads/',
  '/wp-content/uploads/',
];

/** Title of the listings that Apache, nginx, lighttpd, Python, Jetty, Caddy and IIS write. */
export const listingTitle =
  /<title>\s{0,20}(?:Index of \/|Directory listing for \/|Directory: \/|[\w.:-]{1,253} - \/)/i;

/** A path where an administration interface is usually found. */
export interface AdminPath {
  readonly path: string;
  /** What the page must contain beside a way to sign in; none for a generic path. */
  readonly sign?: RegExp;
}

/** Checked on every website; a panel is one that asks for a password, in a form or with HTTP authentication. */
export const adminPaths: readonly AdminPath[] = [
  { path: '/admin/' },
  { path: '/administrator/' },
  { path: '/admin/login' },
  { path: '/wp-login.php', sign: /wp-submit|user_login|WordPress/ },
  { path: '/phpmyadmin/', sign: /phpMyAdmin|pma_username/ },
  { path: '/manager/html', sign: /Tomcat/ },
  { path: '/adminer.php', sign: /Adminer/ },
  { path: '/cpanel', sign: /cPanel/ },
  { path: '/solr/', sign: /Solr Admin/ },
];
