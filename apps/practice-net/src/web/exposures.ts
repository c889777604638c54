import { random } from '../random.ts';
import type { Exposure, Site } from '../world/site.ts';
import { markup, signInMain } from './blocks.ts';
import { escapeHtml, HTML } from './page.ts';
import type { Page } from './page.ts';

/** What a scanner reports for an exposure: the rule and the path that proves it; a rule `check.…` is that of a template. */
export const exposureFindings = {
  git: { ruleId: 'http.exposed-git', path: '/.git/HEAD' },
  env: { ruleId: 'http.exposed-env', path: '/.env' },
  'files-listing': { ruleId: 'http.directory-listing', path: '/files/' },
  'uploads-listing': { ruleId: 'http.directory-listing', path: '/uploads/' },
  'backup-listing': { ruleId: 'http.directory-listing', path: '/backup/' },
  admin: { ruleId: 'http.admin-panel', path: '/admin/' },
  'wp-login': { ruleId: 'http.admin-panel', path: '/wp-login.php' },
  phpmyadmin: { ruleId: 'http.admin-panel', path: '/phpmyadmin/' },
  'tomcat-manager': { ruleId: 'http.admin-panel', path: '/manager/html' },
  phpinfo: { ruleId: 'check.phpinfo', path: '/phpinfo.php' },
  'server-status': { ruleId: 'check.apache-server-status', path: '/server-status' },
  'sql-dump': { ruleId: 'check.exposed-sql-dump', path: '/backup.sql' },
} as const satisfies Record<Exposure, { ruleId: string; path: string }>;

/** Paths at which an exposed-files scanner has to look to find everything. */
export const exposurePaths: readonly string[] = Object.values(exposureFindings)
  .filter(entry => !entry.ruleId.startsWith('check.'))
  .map(entry => entry.path);

const listedFiles: Readonly<Record<string, readonly (readonly [name: string, size: number])[]>> = {
  '/files/': [
    ['catalogue-2026.txt', 18_204],
    ['datasheet-aurora.txt', 4_210],
    ['price-list-dealers.csv', 9_114],
  ],
  '/uploads/': [
    ['pixel.svg', 612],
    ['team-photo-draft.svg', 2_048],
  ],
  '/backup/': [
    ['shop-2026-10-01.sql.txt', 88_311],
    ['site-old.tar.txt', 240_112],
  ],
};

function text(path: string, body: string, mediaType = 'text/plain; charset=utf-8'): Page {
  return { path, listedBy: 'nothing', mediaType, body: () => body };
}

function listingMarkup(site: Site, path: string): string {
  const files = listedFiles[path] ?? [];
  if (site.software.make === 'apache') {
    const rows = files
      .map(
        ([name, size]) =>
          `<tr><td valign="top">&nbsp;</td><td><a href="${name}">${name}</a></td><td align="right">2026-10-01 03:00  </td><td align="right">${Math.ceil(size / 1024)}K</td></tr>`,
      )
      .join('\n');
    return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html>
 <head>
  <title>Index of ${path.slice(0, -1)}</title>
 </head>
 <body>
<h1>Index of ${path.slice(0, -1)}</h1>
  <table>
   <tr><th></th><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th><th><a href="?C=S;O=A">Size</a></th></tr>
<tr><td valign="top">&nbsp;</td><td><a href="/">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td></tr>
${rows}
</table>
<address>${escapeHtml(site.software.server ?? 'Apache')} Server</address>
</body></html>
`;
  }
  const lines = files.map(
    ([name, size]) =>
      `<a href="${name}">${name}</a>${' '.repeat(Math.max(1, 51 - name.length))}01-Oct-2026 03:00 ${String(size).padStart(19)}`,
  );
  return `<html>
<head><title>Index of ${path}</title></head>
<body>
<h1>Index of ${path}</h1><hr><pre><a href="../">../</a>
${lines.join('\n')}
</pre><hr></body>
</html>
`;
}

function listing(site: Site, path: string): readonly Page[] {
  return [
    { path, listedBy: 'nothing', mediaType: HTML, body: () => listingMarkup(site, path) },
    ...(listedFiles[path] ?? []).map(([name, size]) =>
      name.endsWith('.svg')
        ? text(
            `${path}${name}`,
            '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="16" fill="#2f6fed"/></svg>\n',
            'image/svg+xml',
          )
        : text(`${path}${name}`, `${name}\n`.repeat(Math.ceil(size / (name.length + 1)))),
    ),
  ];
}

/** Made-up secrets: they open nothing. */
function environmentFile(site: Site): string {
  const pick = random('env', site.id);
  const secret = (length: number): string =>
    Array.from({ length }, () => pick.pick([...'abcdefghjkmnpqrstuvwxyz23456789'])).join('');
  return `APP_NAME="${site.company}"
APP_ENV=production
APP_KEY=practice-${secret(24)}
DB_HOST=db.larkspur.test
DB_DATABASE=planner
DB_USERNAME=planner
DB_PASSWORD=${secret(14)}
MAIL_PASSWORD=${secret(14)}
`;
}

const gitConfig = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
[remote "origin"]
\turl = https://git.larkspur.test:3000/larkspur/shop-theme.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
`;

function phpInfo(site: Site): string {
  const version = /^PHP\/([\d.]+)$/.exec(site.software.poweredBy ?? '')?.[1] ?? '8.4.14';
  const row = (name: string, value: string): string =>
    `<tr><td class="e">${name} </td><td class="v">${escapeHtml(value)} </td></tr>`;
  return `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>PHP ${version} - phpinfo()</title></head>
<body><div class="center"><table><tr class="h"><td><h1 class="p">PHP Version ${version}</h1></td></tr></table>
<table>
${row('System', `Linux ${site.id} 5.15.0 x86_64`)}
${row('Server API', 'Apache 2.0 Handler')}
${row('PHP API', '20190902')}
${row('PHP Extension', '20190902')}
${row('Zend Extension', '320190902')}
</table></div></body></html>
`;
}

function serverStatus(site: Site): string {
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head>
<title>Apache Status</title>
</head><body>
<h1>Apache Server Status for ${site.id}.larkspur.test (via 127.0.0.1)</h1>
<dl><dt>Server Version: ${escapeHtml(site.software.server ?? 'Apache')}</dt>
<dt>Server MPM: event</dt>
<dt>Server Built: 2026-03-14T09:12:00</dt>
</dl><hr /><dl>
<dt>Server uptime:  41 days 2 hours 17 minutes</dt>
<dt>Total accesses: 88122 - Total Traffic: 1.9 GB</dt>
<dt>1 requests currently being processed, 49 idle workers</dt>
</dl></body></html>
`;
}

function sqlDump(site: Site): string {
  return `-- MySQL dump 10.13  Distrib 5.7.33, for Linux (x86_64)
--
-- Host: localhost    Database: ${site.id.replaceAll('-', '_')}
DROP TABLE IF EXISTS \`orders\`;
CREATE TABLE \`orders\` (
  \`id\` int(11) NOT NULL AUTO_INCREMENT,
  \`placed\` datetime NOT NULL,
  PRIMARY KEY (\`id\`)
);
INSERT INTO \`orders\` VALUES (1,'2026-01-04 10:00:00'),(2,'2026-01-05 11:30:00');
`;
}

function panel(site: Site, path: string, product: string, action: string): Page {
  return markup(site, path, 'nothing', {
    title: product,
    isPanel: true,
    main: signInMain(product, action),
  });
}

/** The pages that one exposure adds to a site. */
export function exposurePages(site: Site, exposure: Exposure): readonly Page[] {
  switch (exposure) {
    case 'git':
      return [text('/.git/HEAD', 'ref: refs/heads/main\n'), text('/.git/config', gitConfig)];
    case 'env':
      return [text('/.env', environmentFile(site))];
    case 'files-listing':
    case 'uploads-listing':
    case 'backup-listing':
      return listing(site, exposureFindings[exposure].path);
    case 'admin':
      return [panel(site, '/admin/', `${site.company} administration`, '/admin/')];
    case 'wp-login':
      return [panel(site, '/wp-login.php', `Log In ‹ ${site.company} — WordPress`, '/wp-login.php')];
    case 'phpmyadmin':
      return [panel(site, '/phpmyadmin/', 'phpMyAdmin', '/phpmyadmin/index.php')];
    case 'tomcat-manager':
      return [
        markup(
          site,
          '/manager/html',
          'nothing',
          { title: '401 Unauthorized', main: '    <h1>401 Unauthorized</h1>' },
          {
            status: 401,
            headers: [['WWW-Authenticate', 'Basic realm="Tomcat Manager Application"']],
          },
        ),
      ];
    case 'phpinfo':
      return [{ path: '/phpinfo.php', listedBy: 'nothing', mediaType: HTML, body: () => phpInfo(site) }];
    case 'server-status':
      return [
        { path: '/server-status', listedBy: 'nothing', mediaType: HTML, body: () => serverStatus(site) },
      ];
    case 'sql-dump':
      return [text('/backup.sql', sqlDump(site), 'application/sql')];
    default:
      return exposure satisfies never;
  }
}
