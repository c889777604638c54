import type { DnsCapability, WildcardAnswer } from '@glacis/engine';
import { canonicalHostName } from '@glacis/foundation';
import { mapBounded, type Outcome } from './each-asset.ts';

/** Questions that one job keeps in flight. */
const QUESTIONS_AT_ONCE = 100;
const ASKED_AGAIN_AT_ONCE = 10;
const MAX_ASKED_AGAIN = 200;

/** The name without its first label; undefined for a single label. */
export function parentOf(name: string): string | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : name.slice(dot + 1);
}

/** A host name as found in certificates and logs: canonical, a leading `*.` taken off; undefined when it is none. */
export function plainName(text: string): string | undefined {
  return canonicalHostName(text.startsWith('*.') ? text.slice(2) : text);
}

/** Whether what a name resolves to is only what its zone answers for every name. */
export function isWildcardAnswer(
  wildcard: WildcardAnswer | undefined,
  answer: { readonly addresses: readonly string[]; readonly chain: readonly string[] },
): boolean {
  if (!wildcard) return false;
  const [alias] = answer.chain;
  if (alias !== undefined) return wildcard.aliases.has(alias);
  if (wildcard.isUnstable) return true;
  return answer.addresses.length > 0 && answer.addresses.every(address => wildcard.addresses.has(address));
}

/**
 * Whether a name is in the DNS as a host: it has an address or is an alias (also of a name that does not exist). A name that
 * only has names below it, or only mail and text records, is none. Undefined when the resolvers gave no answer. One question
 * in the common case.
 */
export async function isHost(dns: DnsCapability, name: string): Promise<boolean | undefined> {
  const v4 = await dns.query(name, 'A');
  if (v4.records.some(record => record.type === 'A' || record.type === 'CNAME')) return true;
  if (v4.status === 'failed') return undefined;
  if (v4.status === 'nxdomain') return false;
  const v6 = await dns.query(name, 'AAAA');
  if (v6.status === 'failed') return undefined;
  return v6.records.some(record => record.type === 'AAAA' || record.type === 'CNAME');
}

/** Names that were checked: those that are hosts, sorted, and how many the resolvers gave no answer about. */
export interface CheckedNames {
  readonly hosts: readonly string[];
  readonly unanswered: number;
}

/** Finds the names that are hosts of their own: in the DNS, and not merely covered by a wildcard. */
export function realHosts(dns: DnsCapability, names: Iterable<string>): Promise<CheckedNames> {
  return check(names, async name => {
    const isKnown = await isHost(dns, name);
    if (!isKnown) return isKnown;
    const parent = parentOf(name);
    const wildcard = parent === undefined ? undefined : await dns.wildcard(parent);
    return !wildcard || !isWildcardAnswer(wildcard, await dns.resolve(name));
  });
}

/** Finds the names that are in the DNS at all, wildcard or not. */
export function knownHosts(dns: DnsCapability, names: Iterable<string>): Promise<CheckedNames> {
  return check(names, name => isHost(dns, name));
}

async function check(
  names: Iterable<string>,
  test: (name: string) => Promise<boolean | undefined>,
): Promise<CheckedNames> {
  const sorted = [...new Set(names)].sort();
  const results = await mapBounded(sorted, QUESTIONS_AT_ONCE, test);
  // What got no answer in the crowd is asked once more in a small group: a lost name would be a lost host.
  const open = sorted.flatMap((name, index) => (results[index] === undefined ? [{ name, index }] : []));
  const again = await mapBounded(open.slice(0, MAX_ASKED_AGAIN), ASKED_AGAIN_AT_ONCE, ({ name }) =>
    test(name),
  );
  for (const [position, { index }] of open.entries()) results[index] = again[position];
  return {
    hosts: sorted.filter((_, index) => results[index]),
    unanswered: results.filter(result => result === undefined).length,
  };
}

/** What names without an answer mean for the asset whose names they are: it was not seen in full. */
export function outcomeOfNames({ unanswered }: CheckedNames): Outcome | undefined {
  return unanswered === 0
    ? undefined
    : { outcome: 'limited', detail: `${unanswered} names got no answer from the resolvers` };
}

/** Longest text that is searched for names and e-mail addresses; the rest is left out. */
const MAX_TEXT_LENGTH = 2 * 1024 * 1024;
const MAX_MATCHES = 20_000;

/** Everything in a text that has the form of a host name with at least two labels, canonical and without repeats. */
export function namesIn(text: string): Set<string> {
  const found = new Set<string>();
  let count = 0;
  for (const [match] of text.slice(0, MAX_TEXT_LENGTH).matchAll(/[a-z0-9_][a-z0-9_.-]{2,252}/gi)) {
    if ((count += 1) > MAX_MATCHES) break;
    if (!match.includes('.')) continue;
    const name = canonicalHostName(match.replace(/[.-]+$/, ''));
    if (name?.includes('.')) found.add(name);
  }
  return found;
}

/** Everything in a text that has the form of an e-mail address, lower case. */
export function emailsIn(text: string): Set<string> {
  const found = new Set<string>();
  const pattern = /[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9][a-z0-9.-]{2,252}/gi;
  let count = 0;
  for (const [match] of text.slice(0, MAX_TEXT_LENGTH).matchAll(pattern)) {
    if ((count += 1) > MAX_MATCHES) break;
    const [local = '', host = ''] = match.toLowerCase().split('@');
    const domain = canonicalHostName(host.replace(/[.-]+$/, ''));
    if (domain?.includes('.')) found.add(`${local}@${domain}`);
  }
  return found;
}
