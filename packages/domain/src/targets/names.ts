import { canonicalHostName, UserError } from '@glacis/foundation';
import { getPublicSuffix } from 'tldts';

const isPublicSuffix = (name: string): boolean =>
  getPublicSuffix(name, { allowPrivateDomains: true }) === name;

/**
 * The canonical form of a domain that one organisation can own. Public suffixes cannot be owned, private ones
 * (github.io) included, nor names right above public suffixes (kawasaki.jp). @throws UserError that says what to write.
 */
export function ownableDomain(text: string): string {
  const domain = canonicalHostName(text.trim());
  if (domain === undefined || !domain.includes('.')) {
    throw new UserError(
      'target.not-a-domain',
      `“${text.trim().slice(0, 80)}” is not a domain name. Write one like example.org, without https:// and path.`,
    );
  }
  // The label stands for any: where every name below is a suffix, the name itself is shared too.
  if (isPublicSuffix(domain) || isPublicSuffix(`any-label.${domain}`)) {
    throw new UserError(
      'target.public-suffix',
      `${domain} is a public suffix that many organisations share. Name your own domain below it.`,
    );
  }
  return domain;
}
