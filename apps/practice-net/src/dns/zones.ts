import { CLOUD, LABS, MAIN, OTHER } from '../world/draft.ts';
import { nameServers } from '../world/name-servers.ts';
import type { World } from '../world/world.ts';
import { addRecord, createZone, setRecords } from './zone.ts';
import type { Zone, ZoneRecord } from './zone.ts';

/** A name that gives different addresses in turn, one per A query. */
export interface TurningName {
  readonly name: string;
  readonly answers: readonly string[];
}

/** All zones of a network, longest origin first, and the names that change their answers. */
export interface ZoneSet {
  readonly zones: readonly Zone[];
  readonly turning: ReadonlyMap<string, TurningName>;
}

const TTL_SECONDS = 300;

function text(name: string, data: string | readonly string[]): ZoneRecord {
  return { name, type: 'TXT', ttl: TTL_SECONDS, data };
}

function pointer(name: string, type: 'A' | 'AAAA' | 'CNAME' | 'NS', data: string): ZoneRecord {
  return { name, type, ttl: TTL_SECONDS, data };
}

function addMailAndPolicy(zone: Zone): void {
  const { origin } = zone;
  addRecord(zone, {
    name: origin,
    type: 'MX',
    ttl: TTL_SECONDS,
    data: { preference: 10, exchange: `mail.${MAIN}` },
  });
  addRecord(zone, {
    name: origin,
    type: 'MX',
    ttl: TTL_SECONDS,
    data: { preference: 20, exchange: `mx.${OTHER}` },
  });
  addRecord(zone, text(origin, `v=spf1 mx include:_spf.${OTHER} -all`));
  addRecord(zone, text(`_dmarc.${origin}`, `v=DMARC1; p=none; rua=mailto:dmarc@${MAIN}`));
  for (const [tag, value] of [
    ['issue', 'ca.practice.test'],
    ['issuewild', ';'],
    ['iodef', `mailto:hello@${MAIN}`],
  ] as const) {
    addRecord(zone, { name: origin, type: 'CAA', ttl: TTL_SECONDS, data: { flags: 0, tag, value } });
  }
}

/** Fills a TXT set so large that no datagram carries it. */
function addLongText(zone: Zone): void {
  const name = `_records.${zone.origin}`;
  for (let index = 0; index < 24; index += 1) {
    addRecord(zone, text(name, `entry=${String(index).padStart(2, '0')} ${'larkspur '.repeat(20)}`.trim()));
  }
}

function emptyZones(world: World): Map<string, Zone> {
  const primary = nameServers[0]?.name ?? MAIN;
  const make = (origin: string): [string, Zone] => [
    origin,
    createZone(origin, primary, `hostmaster.${origin}`),
  ];
  const wildcards = world.names.filter(name => name.hasWildcard === true).map(name => name.name);
  return new Map([MAIN, LABS, OTHER, CLOUD, 'mylarkspur.test', ...wildcards].map(make));
}

/** Builds every zone that the practice name servers answer for. */
export function buildZones(world: World): ZoneSet {
  const byOrigin = emptyZones(world);
  const zones = [...byOrigin.values()].sort((a, b) => b.origin.length - a.origin.length);
  const put = (record: ZoneRecord): void => {
    const zone = zoneFor(zones, record.name);
    if (zone !== undefined) addRecord(zone, record);
  };
  for (const zone of zones) {
    for (const server of nameServers.slice(0, 2)) put(pointer(zone.origin, 'NS', server.name));
  }
  for (const origin of [MAIN, LABS]) {
    const zone = byOrigin.get(origin);
    if (zone === undefined) continue;
    addMailAndPolicy(zone);
    addLongText(zone);
  }
  for (const server of nameServers.slice(2)) put(pointer(LABS, 'NS', server.name));
  put(pointer(LABS, 'NS', `ns.${OTHER}`));

  const turning = new Map<string, TurningName>();
  for (const host of world.names) {
    if (host.alias !== undefined) put(pointer(host.name, 'CNAME', host.alias));
    for (const address of host.addresses) {
      put(pointer(host.name, 'A', address));
      if (host.hasWildcard === true) put(pointer(`*.${host.name}`, 'A', address));
    }
    for (const address of host.addressesV6 ?? []) put(pointer(host.name, 'AAAA', address));
    if (host.turnsInto !== undefined) {
      turning.set(host.name, { name: host.name, answers: [...host.addresses, host.turnsInto] });
    }
  }
  for (const bystander of world.bystanders) {
    if (!turning.has(bystander.name)) put(pointer(bystander.name, 'A', bystander.address));
  }
  return { zones, turning };
}

/** The zone with the longest origin that covers the name. */
export function zoneFor(zones: readonly Zone[], name: string): Zone | undefined {
  return zones.find(zone => name === zone.origin || name.endsWith(`.${zone.origin}`));
}

/** Publishes the proof of ownership of a domain, as the platform asks for it. */
export function setChallenge(zones: readonly Zone[], domain: string, value: string): void {
  const name = `_glacis-challenge.${domain}`;
  const zone = zoneFor(zones, name);
  if (zone === undefined) {
    throw new RangeError(`There is no practice zone for ${domain}: use one of the practice domains.`);
  }
  setRecords(zone, name, 'TXT', [{ ...text(name, `glacis-verification=${value}`), ttl: 0 }]);
}
