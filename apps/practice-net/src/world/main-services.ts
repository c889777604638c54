import { addHost, issued, MAIN, OPENSSH, OPENSSH_OLD, selfSigned } from './draft.ts';
import type { Draft } from './draft.ts';
import { software } from './products.ts';
import { site } from './site.ts';

/** Sign-in pages behind certificates that are wrong in one way each, and the mail server. */
export function addGateways(draft: Draft): void {
  const { plan } = draft;
  const mail = `mail.${MAIN}`;
  addHost(
    draft,
    plan.fixed(9),
    [[mail, ['dns-brute', 'dns-resolve']]],
    [
      { kind: 'smtp', port: 2525, host: mail },
      {
        kind: 'web',
        port: 8443,
        site: site('mail', {
          company: 'Larkspur Webmail',
          look: 'meadow',
          template: 'login',
          software: software.apachePhp,
          policy: 'complete',
          cookies: [{ name: 'mailsession', isSecure: true, isHttpOnly: true }],
        }),
        certificates: [{ ...issued('mail', [mail]), isExpired: true }],
      },
    ],
  );
  draft.names.push({ name: `webmail.${MAIN}`, addresses: [], alias: mail, foundBy: ['dns-brute'] });
  const vpnCertificate = selfSigned('vpn', [`vpn.${MAIN}`]);
  addHost(
    draft,
    plan.fixed(10),
    [[`vpn.${MAIN}`, ['dns-brute']]],
    [
      {
        kind: 'web',
        port: 4443,
        site: site('vpn', {
          company: 'Larkspur Remote Access',
          look: 'console',
          template: 'login',
          software: software.nginxQuiet,
          policy: 'partial',
          cookies: [{ name: 'vpn_sid', isSecure: false, isHttpOnly: true }],
        }),
        certificates: [vpnCertificate],
      },
      { kind: 'tls-line', port: 9443, certificates: [vpnCertificate] },
    ],
  );
  addHost(
    draft,
    plan.fixed(11),
    [[`portal.${MAIN}`, ['dns-brute', 'ct-search']]],
    [
      {
        kind: 'web',
        port: 9443,
        site: site('portal', {
          company: 'Larkspur Customer Portal',
          look: 'brick',
          template: 'login',
          software: software.nginx,
          policy: 'none',
          cookies: [{ name: 'portal', isSecure: true, isHttpOnly: true }],
        }),
        certificates: [issued('portal', ['portal.larkspur-hosting.test'])],
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(12),
    [[`dev-portal.${MAIN}`, ['dns-permute']]],
    [
      {
        kind: 'web',
        port: 8080,
        site: site('dev-portal', {
          company: 'Larkspur Customer Portal (development)',
          look: 'brick',
          template: 'login',
          software: software.iisOld,
          cookies: [{ name: 'ASP.NET_SessionId', isSecure: false, isHttpOnly: true }],
        }),
      },
    ],
  );
}

/** What developers left reachable: APIs, environment files, repositories, build and code servers. */
export function addDevelopment(draft: Draft): void {
  const { plan } = draft;
  for (const [index, label] of (['api', 'api-uat'] as const).entries()) {
    addHost(
      draft,
      plan.fixed(7 + index),
      [[`${label}.${MAIN}`, index === 0 ? ['dns-brute', 'ct-search'] : ['dns-permute']]],
      [
        {
          kind: 'web',
          port: 3000,
          site: site(label, {
            company: 'Larkspur API',
            look: 'console',
            template: 'api',
            software: software.express,
            policy: index === 0 ? 'complete' : 'none',
            exposures: index === 0 ? [] : ['env'],
          }),
        },
      ],
    );
  }
  addHost(
    draft,
    plan.fixed(13),
    [[`admin.${MAIN}`, ['dns-brute']]],
    [
      {
        kind: 'web',
        port: 8080,
        site: site('admin', {
          company: 'Larkspur Back Office',
          look: 'console',
          template: 'default',
          software: software.iis,
          exposures: ['admin'],
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(14),
    [[`dev.${MAIN}`, ['dns-brute']]],
    [
      { kind: 'ssh', port: 2222, software: OPENSSH_OLD },
      {
        kind: 'web',
        port: 8000,
        site: site('dev', {
          company: 'Larkspur Development',
          look: 'meadow',
          template: 'small',
          software: software.lighttpdOld,
          exposures: ['git'],
        }),
      },
    ],
  );
  const staging = site('staging', {
    company: 'Larkspur (staging)',
    look: 'slate',
    template: 'small',
    software: software.nginxOld,
    cookies: [{ name: 'preview', isSecure: false, isHttpOnly: false }],
    exposures: ['git', 'env', 'sql-dump'],
  });
  addHost(
    draft,
    plan.fixed(15),
    [[`staging.${MAIN}`, ['dns-brute']]],
    [
      { kind: 'web', port: 8080, site: { ...staging, id: 'staging-plain' } },
      {
        kind: 'web',
        port: 8443,
        site: staging,
        certificates: [selfSigned('staging', [`staging.${MAIN}`], true)],
      },
    ],
  );
  addToolServers(draft);
}

function addToolServers(draft: Draft): void {
  const { plan } = draft;
  addHost(
    draft,
    plan.fixed(20),
    [[`git.${MAIN}`, ['dns-brute']]],
    [
      { kind: 'ssh', port: 2222, software: OPENSSH },
      {
        kind: 'web',
        port: 3000,
        site: site('git', {
          company: 'Larkspur Code',
          look: 'meadow',
          template: 'forge',
          software: software.nginx,
          policy: 'partial',
          cookies: [{ name: 'forge_csrf', isSecure: false, isHttpOnly: false }],
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(21),
    [[`ci.${MAIN}`, ['dns-brute']]],
    [
      {
        kind: 'web',
        port: 8888,
        site: site('ci', {
          company: 'Larkspur Builds',
          look: 'console',
          template: 'builds',
          software: software.builds,
          policy: 'framed-by-option',
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(23),
    [[`app.${MAIN}`, ['dns-brute']]],
    [
      { kind: 'ssh', port: 2222, software: OPENSSH },
      {
        kind: 'web',
        port: 8080,
        site: site('app', {
          company: 'Larkspur Planner',
          look: 'meadow',
          template: 'default',
          software: software.tomcat,
          exposures: ['tomcat-manager'],
        }),
      },
    ],
  );
}

/** Files, databases and caches. */
export function addStores(draft: Draft): void {
  const { plan } = draft;
  addHost(
    draft,
    plan.fixed(16),
    [[`ftp.${MAIN}`, ['dns-brute']]],
    [{ kind: 'ftp', port: 2121, software: '(vsFTPd 3.0.3)', isAnonymousAllowed: true }],
  );
  addHost(
    draft,
    plan.fixed(17),
    [[`files.${MAIN}`, ['dns-brute']]],
    [
      { kind: 'ftp', port: 2121, software: 'ProFTPD Server (Larkspur files)', isAnonymousAllowed: false },
      {
        kind: 'web',
        port: 8080,
        site: site('files', {
          company: 'Larkspur Downloads',
          look: 'meadow',
          template: 'downloads',
          software: software.apacheOld,
          policy: 'partial',
          exposures: ['files-listing', 'backup-listing', 'server-status'],
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(19),
    [[`db.${MAIN}`, ['dns-brute']]],
    [
      { kind: 'mysql', port: 3306, version: '5.7.33-0ubuntu0.16.04.1' },
      {
        kind: 'web',
        port: 8080,
        site: site('db', {
          company: 'Larkspur Data',
          look: 'console',
          template: 'default',
          software: software.apachePhp,
          exposures: ['phpmyadmin'],
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(24),
    [[`sessioncache.${MAIN}`, ['ct-search']]],
    [
      { kind: 'redis', port: 6379, version: '6.0.16', needsPassword: false },
      { kind: 'ssh', port: 2222, software: OPENSSH_OLD },
    ],
  );
}
