import {
  EgressError,
  canonicalHostName,
  readZone,
  type DnsClient,
  type Egress,
  type ResolvedName,
} from '@glacis/foundation';
import { createHash } from 'node:crypto';
import type { DnsCapability, DnsRecord, WildcardAnswer } from '../capabilities.ts';

/** Labels asked at first, and at most when each answer still brings something new. */
const FIRST_WILDCARD_LABELS = 4;
const MAX_WILDCARD_LABELS = 24;
/** Answers in a row without anything new after which the set is taken as complete. */
const SETTLED_AFTER = 4;
const TRANSFER_LIMITS = { maxRecords: 100_000, maxBytes: 32 * 1024 * 1024, idleMs: 8000 };
const MAX_PARENTS_REMEMBERED = 10_000;

/** Builds the DNS capability of one job. */
export function createDnsCapability(
  egress: Egress,
  options: { nameServerPort: number; salt: string },
): DnsCapability {
  const wildcards = new Map<string, Promise<WildcardAnswer | undefined>>();
  return {
    query: (name, type) => egress.dns.query(name, type),
    resolve: name => egress.dns.resolve(name),
    wildcard(parent) {
      const key = canonicalHostName(parent) ?? parent;
      const known = wildcards.get(key);
      if (known) return known;
      if (wildcards.size >= MAX_PARENTS_REMEMBERED) wildcards.clear();
      const found = detectWildcard(egress.dns, key, options.salt);
      wildcards.set(key, found);
      return found;
    },
    transfer: (zone, nameServer) => transferZone(egress, zone, nameServer, options.nameServerPort),
  };
}

/** A label that nobody has registered: long, and different in each job, so that it cannot be prepared for. */
function labelOf(parent: string, salt: string, index: number): string {
  const digest = createHash('sha256').update(`${salt}|${parent}|${index}`).digest('hex');
  return `x${digest.slice(0, 20)}`;
}

async function detectWildcard(
  dns: DnsClient,
  parent: string,
  salt: string,
): Promise<WildcardAnswer | undefined> {
  const addresses = new Set<string>();
  const aliases = new Set<string>();
  const ask = (index: number) => dns.resolve(`${labelOf(parent, salt, index)}.${parent}`);
  const first = await Promise.all(Array.from({ length: FIRST_WILDCARD_LABELS }, (_, index) => ask(index)));
  if (!first.some(isAnswer)) return undefined;
  let sinceNew = 0;
  for (let index = 0; index < MAX_WILDCARD_LABELS && sinceNew < SETTLED_AFTER; index += 1) {
    const answer = first[index] ?? (await ask(index));
    const before = addresses.size + aliases.size;
    for (const address of answer.addresses) addresses.add(address);
    const [alias] = answer.chain;
    if (alias !== undefined) aliases.add(alias);
    sinceNew = addresses.size + aliases.size > before ? 0 : sinceNew + 1;
  }
  return { addresses, aliases, isUnstable: sinceNew < SETTLED_AFTER };
}

function isAnswer(answer: ResolvedName): boolean {
  return answer.status === 'ok' || answer.chain.length > 0;
}

async function transferZone(
  egress: Egress,
  zone: string,
  nameServer: string,
  port: number,
): Promise<readonly DnsRecord[]> {
  const name = canonicalHostName(zone);
  if (name === undefined) throw new EgressError('protocol', `“${zone.slice(0, 80)}” is not a zone name.`);
  const verdict = egress.verdict(name);
  if (!verdict.isAllowed) throw new EgressError(verdict.code, `${verdict.reason}.`);
  const socket = await egress.connect({ host: nameServer, port, timeoutMs: 5000 });
  return readZone(socket, name, TRANSFER_LIMITS);
}
