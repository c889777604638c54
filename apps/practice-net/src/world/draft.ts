import type { AddressPlan } from '../address-plan.ts';
import type { CertificateSpec, Host, HostName, ScannerId, Service } from './world.ts';

/** The organisation's main domain: its name servers refuse zone transfers. */
export const MAIN = 'larkspur.test';
/** The organisation's second domain: one of its name servers hands the zone out. */
export const LABS = 'larkspur-labs.test';
/** The other organisation. */
export const OTHER = 'bystander.test';
/** A hosting provider where some aliases point, and where some customers have left. */
export const CLOUD = 'cloudhost.test';

/** Collects hosts and names while a world is being put together. */
export interface Draft {
  readonly plan: AddressPlan;
  readonly hosts: Host[];
  readonly names: HostName[];
}

/** Adds a host with the given names; the first of `names` may be the zone apex. */
export function addHost(
  draft: Draft,
  address: string,
  names: readonly (readonly [name: string, foundBy: readonly ScannerId[]])[],
  services: readonly Service[],
  extra: Pick<Host, 'isHoneypot'> & Pick<HostName, 'addressesV6'> = {},
): void {
  const { addressesV6, ...flags } = extra;
  draft.hosts.push({ address, services, ...flags });
  const v6 = addressesV6 === undefined ? {} : { addressesV6 };
  for (const [name, foundBy] of names) draft.names.push({ name, addresses: [address], ...v6, foundBy });
}

/** Describes a certificate of the practice authority for the names; the first one is its subject. */
export function issued(id: string, names: readonly string[], organisation = 'Larkspur Ltd'): CertificateSpec {
  return { id, names, organisation, isSelfSigned: false, isExpired: false };
}

/** Describes a certificate that is signed by its own key. */
export function selfSigned(id: string, names: readonly string[], isExpired = false): CertificateSpec {
  return { id, names, organisation: 'Default Company', isSelfSigned: true, isExpired };
}

/** The fixed hosts speak these. */
export const OPENSSH = 'OpenSSH_9.6p1 Ubuntu-3ubuntu13.14';
/** An SSH server some years behind. */
export const OPENSSH_OLD = 'OpenSSH_7.2p2 Ubuntu-4ubuntu2.8';
