import { domainToASCII } from 'node:url';
import { UserError } from '../errors.ts';
import type { ScopeRules } from './guard.ts';
import { canonicalAddress, isInRange, parseAddress, parseRange, specialPurposeOf } from './special-ranges.ts';

/** The guard's answer about a name or address, with the reason in words when it says no. */
export type Verdict =
  | { readonly isAllowed: true }
  | {
      readonly isAllowed: false;
      readonly code: 'out-of-scope' | 'forbidden-address';
      readonly reason: string;
    };

const ALLOWED: Verdict = { isAllowed: true };

function refusal(code: 'out-of-scope' | 'forbidden-address', reason: string): Verdict {
  return { isAllowed: false, code, reason };
}

/** Scope rules made ready for many questions. */
export interface Scope {
  /** Whether a host name is ours: below a domain in scope and not excluded. */
  name(host: string): Verdict;
  /** Whether an address is a target in its own right: inside a network in scope, and reachable by `reachable`. */
  network(address: string): Verdict;
  /** Whether a packet may go to an address that a name in scope resolved to: neither excluded nor special-purpose. */
  reachable(address: string): Verdict;
}

/** Lower-case ASCII form without trailing dot; undefined when it is no host name. Underscores are allowed, as in DNS. */
export function canonicalHostName(text: string): string | undefined {
  if (text.length === 0 || text.length > 255) return undefined;
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  const ascii = /^[\x21-\x7e]+$/.test(bare) ? bare.toLowerCase() : domainToASCII(bare);
  if (ascii.length === 0 || ascii.length > 253) return undefined;
  const labels = ascii.split('.');
  const isValid = labels.every(label => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return isValid && !/^\d+$/.test(labels.at(-1) ?? '') ? ascii : undefined;
}

function isSameOrBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

function parseRules<T>(field: string, entries: readonly string[], parse: (entry: string) => T | undefined) {
  return entries.map(entry => {
    const parsed = parse(entry);
    if (parsed === undefined)
      throw new UserError(
        'scope.invalid',
        `“${entry}” in ${field} is not understood: write a domain name, an address or a CIDR range.`,
      );
    return parsed;
  });
}

/** Compiles scope rules. @throws UserError `scope.invalid` for an entry that is neither a name nor a range where one is expected. */
export function createScope(rules: ScopeRules): Scope {
  const domains = parseRules('domains', rules.domains, canonicalHostName);
  const networks = parseRules('networks', rules.networks, parseRange);
  const privateRanges = parseRules('allowedPrivateRanges', rules.allowedPrivateRanges, parseRange);
  const excludedRanges = parseRules(
    'excluded',
    rules.excluded.filter(entry => parseRange(entry) !== undefined),
    parseRange,
  );
  const excludedNames = parseRules(
    'excluded',
    rules.excluded.filter(entry => parseRange(entry) === undefined),
    canonicalHostName,
  );

  function reachable(text: string): Verdict {
    const address = parseAddress(text);
    if (!address) return refusal('forbidden-address', `${text.slice(0, 60)} is not an address`);
    if (excludedRanges.some(range => isInRange(address, range)))
      return refusal('out-of-scope', `${text} is excluded`);
    const special = specialPurposeOf(address);
    if (special !== undefined && !privateRanges.some(range => isInRange(address, range)))
      return refusal('forbidden-address', `${text} is a special-purpose address (${special})`);
    return ALLOWED;
  }

  function network(text: string): Verdict {
    const address = parseAddress(text);
    if (!address || !networks.some(range => isInRange(address, range)))
      return refusal('out-of-scope', `${text.slice(0, 60)} is in no network of the scope`);
    return reachable(text);
  }

  function name(text: string): Verdict {
    const host = canonicalHostName(text);
    if (host === undefined) return refusal('out-of-scope', `${text.slice(0, 80)} is not a host name`);
    if (excludedNames.some(domain => isSameOrBelow(host, domain)))
      return refusal('out-of-scope', `${host} is excluded`);
    if (!domains.some(domain => isSameOrBelow(host, domain)))
      return refusal('out-of-scope', `${host} is below no domain of the scope`);
    return ALLOWED;
  }
  return { name, network, reachable };
}

/** Splits a host as found in a URL into a canonical address or a canonical name; undefined when it is neither. */
export function parseHost(text: string): { kind: 'address' | 'name'; value: string } | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const address = canonicalAddress(bare);
  if (address !== undefined) return { kind: 'address', value: address };
  const name = canonicalHostName(bare);
  return name === undefined ? undefined : { kind: 'name', value: name };
}
