import { addressPlan, DEFAULT_BLOCK } from '../address-plan.ts';
import { bystandersOf } from './bystanders.ts';
import { LABS, MAIN } from './draft.ts';
import type { Draft } from './draft.ts';
import { addLabs } from './labs.ts';
import { addHidden, addLooseNames, addTroublemakers } from './main-oddities.ts';
import { addDevelopment, addGateways, addStores } from './main-services.ts';
import { addMainSites } from './main-sites.ts';
import { addNameServers } from './name-servers.ts';
import { addOrdinaryHosts } from './ordinary.ts';
import type { World } from './world.ts';

/** Fewest hosts: with these, everything that the practice network can show is there once. */
export const FEWEST_HOSTS = 40;
/** Most hosts that fit the address plan. */
export const MOST_HOSTS = 10_000;

/** What decides a world. */
export interface WorldOptions {
  readonly hosts: number;
  readonly seed: string;
  readonly block?: number;
}

/** Builds the world; the same options give the same world. Throws RangeError for a size or block that does not exist. */
export function buildWorld(options: WorldOptions): World {
  const { hosts, seed } = options;
  if (!Number.isInteger(hosts) || hosts < FEWEST_HOSTS || hosts > MOST_HOSTS) {
    throw new RangeError(`The number of hosts must be between ${FEWEST_HOSTS} and ${MOST_HOSTS}.`);
  }
  const plan = addressPlan(options.block ?? DEFAULT_BLOCK);
  const draft: Draft = { plan, hosts: [], names: [] };
  addNameServers(draft);
  addMainSites(draft);
  addGateways(draft);
  addDevelopment(draft);
  addStores(draft);
  addTroublemakers(draft);
  addHidden(draft);
  addLabs(draft);
  addLooseNames(draft);
  addOrdinaryHosts(draft, seed, hosts - draft.hosts.length);
  return {
    seed,
    hostCount: hosts,
    plan,
    domains: [MAIN, LABS],
    hosts: draft.hosts,
    names: draft.names,
    bystanders: bystandersOf(plan),
  };
}
