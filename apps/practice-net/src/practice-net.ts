import { blocks, DEFAULT_BLOCK } from './address-plan.ts';
import { BystanderTraps } from './bystander-traps.ts';
import type { Counters } from './bystander-traps.ts';
import { startControlServer } from './control-server.ts';
import { buildCtLog } from './ct/log.ts';
import { startCtServer } from './ct/search-server.ts';
import { Turns } from './dns/respond.ts';
import { startDnsServer } from './dns/server.ts';
import type { DnsServer } from './dns/server.ts';
import { buildZones, setChallenge } from './dns/zones.ts';
import { hostListeners } from './services/host-listeners.ts';
import { Listeners } from './services/listeners.ts';
import { shardCount, shardOf, startShard } from './shards.ts';
import { CertificateStore } from './tls/certificate.ts';
import { buildTruth } from './truth/build.ts';
import type { Truth } from './truth/schema.ts';
import { buildWorld } from './world/build.ts';
import { nameServerAddress, nameServers } from './world/name-servers.ts';
import type { World } from './world/world.ts';

/** Ports of the network's own services when nothing else is said. */
export const DNS_PORT = 5300;
export const CT_PORT = 8090;
export const CONTROL_PORT = 8099;

/** What decides a practice network. */
export interface PracticeNetOptions {
  /** 40 to 10,000. */
  readonly hosts: number;
  readonly seed: string;
  /** Second octet of the granted range; `auto` takes the first block that nobody uses (for tests). Default 80. */
  readonly block?: number | 'auto';
  /** 0 takes a free port. */
  readonly dnsPort?: number;
  readonly ctPort?: number;
  readonly controlPort?: number;
  /** Values for the TXT records that prove the ownership of domains. */
  readonly challenges?: Readonly<Record<string, string>>;
  /** Called when a part of the network has died. */
  readonly onLost?: (message: string) => void;
}

/** A running practice network. */
export interface PracticeNet {
  /** Made anew at each reading: at 10,000 hosts it is too large to keep. */
  readonly truth: Truth;
  readonly world: World;
  /** Resolver for all practice zones; its port is also that of the authoritative name servers. */
  readonly dns: { readonly address: string; readonly port: number };
  /** Base URL of the CT search. */
  readonly ct: string;
  /** Base URL of the control address. */
  readonly control: string;
  /** The practice authority's certificate. */
  readonly authorityPem: string;
  counters(): Counters;
  /** Publishes `glacis-verification=VALUE` for a domain; throws RangeError for a foreign domain. */
  setChallenge(domain: string, value: string): void;
  /** Closes everything; safe to call twice. */
  close(): Promise<void>;
}

/** Starts a practice network; rejects with a sentence that says what to do when a port cannot be opened. */
export async function startPracticeNet(options: PracticeNetOptions): Promise<PracticeNet> {
  const { block = DEFAULT_BLOCK } = options;
  if (block !== 'auto') return startInBlock(options, block);
  let last: unknown;
  // The default block is left to the practice network that a person may be running.
  for (const candidate of blocks.filter(one => one !== DEFAULT_BLOCK)) {
    try {
      return await startInBlock(options, candidate);
    } catch (error) {
      if (!(error instanceof Error) || !isTaken(error)) throw error;
      last = error;
    }
  }
  throw new Error('All address blocks are in use: stop another practice network.', { cause: last });
}

function isTaken(error: Error): boolean {
  const { cause } = error;
  const codes = [error, cause].map(one => (one instanceof Error && 'code' in one ? one.code : undefined));
  return codes.includes('EADDRINUSE');
}

async function startInBlock(options: PracticeNetOptions, block: number): Promise<PracticeNet> {
  const world = buildWorld({ hosts: options.hosts, seed: options.seed, block });
  const store = new CertificateStore(world.seed);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map(closer => closer()));
  };
  try {
    return await startParts(options, world, store, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: PracticeNetOptions,
  world: World,
  store: CertificateStore,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<PracticeNet> {
  const { plan } = world;
  // The control address comes first: its port tells whether the block is in use.
  const state: { dnsQueries: number; traps: BystanderTraps | undefined } = {
    dnsQueries: 0,
    traps: undefined,
  };
  const zoneSet = buildZones(world);
  for (const [domain, value] of Object.entries(options.challenges ?? {})) {
    setChallenge(zoneSet.zones, domain, value);
  }
  const readCounters = (): Counters => {
    const bystanders = [...(state.traps?.read() ?? [])];
    const total = bystanders.reduce((sum, one) => sum + one.tcpConnections + one.udpDatagrams, 0);
    return {
      total,
      dnsQueries: state.dnsQueries,
      bystanders,
      unwatchedPorts: [...(state.traps?.unwatchedPorts() ?? [])],
    };
  };
  const authorityPem = store.authority().pem();
  const control = await startControlServer({
    address: plan.control,
    port: options.controlPort ?? CONTROL_PORT,
    readCounters,
    readTruth: () => JSON.stringify(buildTruth(world, store)),
    readAuthority: () => authorityPem,
    setChallenge: (domain, value) => setChallenge(zoneSet.zones, domain, value),
  });
  closers.push(control.close);

  const dns = await startNameServers(options, world, zoneSet, () => (state.dnsQueries += 1), closers);
  const ct = await startCtServer(buildCtLog(world), plan.ct, options.ctPort ?? CT_PORT);
  closers.push(ct.close);
  state.traps = new BystanderTraps(world.bystanders, dns.port);
  const { traps } = state;
  closers.push(() => traps.close());
  await traps.open();
  await openHosts(options, world, store, closers);
  return {
    get truth() {
      return buildTruth(world, store);
    },
    world,
    dns: { address: dns.address, port: dns.port },
    ct: ct.url,
    control: control.url,
    authorityPem,
    counters: readCounters,
    setChallenge: (domain, value) => setChallenge(zoneSet.zones, domain, value),
    close,
  };
}

async function startNameServers(
  options: PracticeNetOptions,
  world: World,
  zoneSet: ReturnType<typeof buildZones>,
  onQuery: () => void,
  closers: (() => Promise<void>)[],
): Promise<DnsServer> {
  const turns = new Turns();
  let first: DnsServer | undefined;
  for (const server of nameServers) {
    const started = await startDnsServer({
      address: nameServerAddress(world.plan.block, server),
      port: first?.port ?? options.dnsPort ?? DNS_PORT,
      zoneSet,
      turns,
      transfers: server.transfers,
      onQuery,
    });
    closers.push(started.close);
    first ??= started;
  }
  if (first === undefined) throw new Error('The practice network has no name server.');
  return first;
}

async function openHosts(
  options: PracticeNetOptions,
  world: World,
  store: CertificateStore,
  closers: (() => Promise<void>)[],
): Promise<void> {
  const count = shardCount(world.hosts);
  const listeners = new Listeners();
  closers.push(() => listeners.close());
  const orders = Array.from({ length: count - 1 }, (_none, position) => ({
    hosts: world.hostCount,
    seed: world.seed,
    block: world.plan.block,
    index: position + 1,
    count,
  }));
  await Promise.all([
    listeners.open(hostListeners(shardOf(world.hosts, 0, count), store)),
    ...orders.map(async order => {
      const shard = await startShard(order, message => options.onLost?.(message));
      closers.push(() => shard.close());
    }),
  ]);
}
