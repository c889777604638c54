import { z } from 'zod';
import type { SamlConnection } from '../sso/connection.ts';
import type { Vouched } from '../sso/identify.ts';
import type { Assertion } from './assertion.ts';

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
/** Usual names of the attribute with the address, and of the one with the name to show. */
const EMAIL_NAMES = [
  `${CLAIMS}/emailaddress`,
  'urn:oid:0.9.2342.19200300.100.1.3',
  'email',
  'mail',
  'emailAddress',
];
const DISPLAY_NAMES = [
  'http://schemas.microsoft.com/identity/claims/displayname',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'displayName',
  'name',
];
const MAX_GROUPS = 1000;
const MAX_GROUP_LENGTH = 300;

/**
 * The person of an assertion. The provider of a tenant answers for the addresses that it gives; which of them count is for
 * the proven domains to say.
 */
export function personOf(connection: SamlConnection, assertion: Assertion): Vouched {
  const { attributes, nameId } = assertion;
  const groups = connection.groupsClaim === null ? [] : (attributes.get(connection.groupsClaim) ?? []);
  return {
    issuer: connection.provider.issuer,
    subject: nameId,
    verifiedEmail: emailOf(connection, assertion),
    name: DISPLAY_NAMES.map(name => attributes.get(name)?.[0]).find(Boolean) ?? '',
    groups: groups.filter(group => group.length <= MAX_GROUP_LENGTH).slice(0, MAX_GROUPS),
  };
}

function emailOf({ emailAttribute }: SamlConnection, { attributes, nameId }: Assertion): string | undefined {
  const name = emailAttribute ?? EMAIL_NAMES.find(one => attributes.has(one));
  const values = name === undefined ? [nameId] : (attributes.get(name) ?? []);
  // Of several addresses none is the one.
  return values.length === 1 ? z.email().max(254).safeParse(values[0]).data : undefined;
}
