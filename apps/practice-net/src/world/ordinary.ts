import { random } from '../random.ts';
import type { Random } from '../random.ts';
import { addHost, issued, LABS, MAIN, OPENSSH, OPENSSH_OLD, selfSigned } from './draft.ts';
import type { Draft } from './draft.ts';
import { software } from './products.ts';
import { site } from './site.ts';
import type { Exposure, HeaderPolicy, LookName, Site, Software, TemplateName } from './site.ts';
import type { CertificateSpec, ScannerId, Service } from './world.ts';

const adjectives = [
  'amber',
  'brisk',
  'calm',
  'dusty',
  'early',
  'faint',
  'golden',
  'hollow',
  'ivory',
  'jolly',
  'keen',
  'lunar',
  'mellow',
  'noble',
  'olive',
  'plain',
  'quiet',
  'rustic',
  'silver',
  'tidal',
  'umber',
  'vivid',
  'windy',
  'young',
] as const;
const nouns = [
  'anchor',
  'birch',
  'canyon',
  'delta',
  'ember',
  'fjord',
  'grove',
  'harbour',
  'island',
  'juniper',
  'kestrel',
  'lantern',
  'meadow',
  'nettle',
  'orchid',
  'pebble',
  'quarry',
  'raven',
  'spruce',
  'thistle',
  'upland',
  'valley',
  'willow',
  'yarrow',
] as const;
const trades = [
  'Logistics',
  'Analytics',
  'Training',
  'Workshop',
  'Research',
  'Field Office',
  'Archive',
  'Studio',
  'Support',
] as const;
const looks: readonly LookName[] = ['slate', 'meadow', 'ink', 'market', 'brick'];
const policies: readonly HeaderPolicy[] = ['none', 'none', 'partial', 'complete', 'framed-by-option'];
const makes: readonly Software[] = [
  software.nginx,
  software.nginx,
  software.nginxJquery,
  software.nginxOld,
  software.apache,
  software.apacheOld,
  software.apachePhp,
  software.lighttpd,
  software.iis,
  software.wordpress,
];
const templates: readonly TemplateName[] = ['small', 'small', 'small', 'small', 'login', 'default', 'api'];

/** How many hosts in a row share one certificate-transparency entry, and hang together by links. */
export const GROUP_SIZE = 20;
/** Of each group, how many belong to the second domain, whose zone can be transferred. */
const LABS_PER_GROUP = 7;

/** Label of the nth generated host: two words and the number, so that labels never repeat. */
function labelOf(seed: string, index: number): string {
  const pick = random(seed, 'label', index);
  return `${pick.pick(adjectives)}-${pick.pick(nouns)}-${index + 1}`;
}

/** Where the nth generated host lives and how it comes to light. */
function nameOf(seed: string, index: number): { name: string; foundBy: readonly ScannerId[] } {
  const place = index % GROUP_SIZE;
  const label = labelOf(seed, index);
  if (place < LABS_PER_GROUP) return { name: `${label}.${LABS}`, foundBy: ['dns-axfr'] };
  return { name: `${label}.${MAIN}`, foundBy: [place === GROUP_SIZE - 1 ? 'http-crawl' : 'ct-search'] };
}

function exposuresOf(pick: Random): readonly Exposure[] {
  const found: Exposure[] = [];
  if (pick.chance(0.05)) found.push('git');
  if (pick.chance(0.04)) found.push('env');
  if (pick.chance(0.08)) found.push(pick.pick(['files-listing', 'uploads-listing', 'backup-listing']));
  if (pick.chance(0.08)) found.push(pick.pick(['admin', 'phpmyadmin', 'wp-login', 'tomcat-manager']));
  return found;
}

function siteOf(pick: Random, id: string, name: string, links: readonly string[]): Site {
  const label = name.slice(0, name.indexOf('.'));
  const words = label.split('-');
  const company = `${words
    .slice(0, 2)
    .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ')} ${pick.pick(trades)}`;
  const template = links.length > 0 ? 'small' : pick.pick(templates);
  const isCatchAll = links.length === 0 && pick.chance(0.02);
  return site(id, {
    company,
    look: pick.pick(looks),
    template: isCatchAll ? 'small' : template,
    software: isCatchAll ? software.nginx : template === 'api' ? software.express : pick.pick(makes),
    policy: pick.pick(policies),
    behaviour: isCatchAll ? 'catch-all' : 'pages',
    cookies: pick.chance(0.3)
      ? [{ name: 'sid', isSecure: pick.chance(0.5), isHttpOnly: pick.chance(0.6) }]
      : [],
    exposures: isCatchAll ? [] : exposuresOf(pick),
    links,
    emails: pick.chance(0.3) ? [`${label}@${name.slice(name.indexOf('.') + 1)}`] : [],
  });
}

function certificateFor(pick: Random, seed: string, index: number): CertificateSpec {
  const { name } = nameOf(seed, index);
  const kind = pick.next();
  if (kind < 0.1) return selfSigned(`host-${index}`, [name]);
  if (kind < 0.16) return { ...issued(`host-${index}`, [name]), isExpired: true };
  if (kind < 0.2) return issued(`host-${index}`, [`moved-${index}.larkspur-hosting.test`]);
  return issued(`host-${index}`, [name]);
}

function otherServices(pick: Random): readonly Service[] {
  const found: Service[] = [];
  if (pick.chance(0.4)) {
    found.push({ kind: 'ssh', port: 2222, software: pick.chance(0.7) ? OPENSSH : OPENSSH_OLD });
  }
  const kind = pick.next();
  if (kind < 0.06) {
    found.push({
      kind: 'ftp',
      port: 2121,
      software: '(vsFTPd 3.0.5)',
      isAnonymousAllowed: pick.chance(0.3),
    });
  } else if (kind < 0.1) {
    found.push({ kind: 'redis', port: 6379, version: '7.2.4', needsPassword: pick.chance(0.7) });
  } else if (kind < 0.15) {
    found.push({ kind: 'mysql', port: 3306, version: '8.0.36' });
  }
  return found;
}

/** Adds `count` generated hosts: own address, one to three services, a mix of software and weaknesses. */
export function addOrdinaryHosts(draft: Draft, seed: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const { name, foundBy } = nameOf(seed, index);
    const pick = random(seed, 'host', index);
    const services: Service[] = [...otherServices(pick)];
    const follower = index + 1;
    const leadsOn = index % GROUP_SIZE === GROUP_SIZE - 2 && follower < count;
    const web = leadsOn ? 0 : pick.next();
    if (web < 0.8 || services.length === 0) {
      // The link goes to the name alone: which port its site is on is for the port scan to find out.
      const links = leadsOn ? [`http://${nameOf(seed, follower).name}:8080/`] : [];
      services.push({ kind: 'web', port: 8080, site: siteOf(pick, `host-${index}`, name, links) });
    }
    if (web >= 0.65) {
      services.push({
        kind: 'web',
        port: 8443,
        site: siteOf(pick, `host-${index}-tls`, name, []),
        certificates: [certificateFor(pick, seed, index)],
      });
    }
    addHost(draft, draft.plan.generated(index), [[name, foundBy]], services);
  }
}
