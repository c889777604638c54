import { addHost, CLOUD, issued, LABS, OPENSSH } from './draft.ts';
import type { Draft } from './draft.ts';
import { software } from './products.ts';
import { site } from './site.ts';

/** The second domain, whose third name server hands out the zone: most of its hosts are found in no other way. */
export function addLabs(draft: Draft): void {
  const { plan } = draft;
  const www = `www.${LABS}`;
  const labs = site('labs', {
    company: 'Larkspur Labs',
    look: 'ink',
    template: 'small',
    software: software.nginxJquery,
    policy: 'framed-by-option',
    emails: [`labs@${LABS}`],
  });
  addHost(
    draft,
    plan.fixed(36),
    [
      [LABS, ['seed', 'dns-resolve', 'dns-axfr']],
      [www, ['dns-brute', 'dns-axfr']],
    ],
    [
      { kind: 'web', port: 8080, site: { ...labs, id: 'labs-plain' } },
      { kind: 'web', port: 8443, site: labs, certificates: [issued('labs', [www, LABS])] },
    ],
  );
  addHost(
    draft,
    plan.fixed(37),
    [[`kiln-04.${LABS}`, ['dns-axfr']]],
    [
      { kind: 'ssh', port: 2222, software: OPENSSH },
      {
        kind: 'web',
        port: 9090,
        site: site('kiln', {
          company: 'Kiln metrics',
          look: 'console',
          template: 'metrics',
          software: software.nginxOldJquery,
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(25),
    [[`furnace-k8.${LABS}`, ['dns-axfr']]],
    [{ kind: 'redis', port: 6379, version: '7.2.4', needsPassword: true }],
  );
  draft.names.push({
    name: `glaze-archive.${LABS}`,
    addresses: [],
    alias: `glaze-archive.${CLOUD}`,
    isDangling: true,
    foundBy: ['dns-axfr'],
  });
}
