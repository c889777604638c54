import { scimSchemas, type ScimUser, type ScimUserRequest } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { domainOf, isProven } from '../identity/sso/domains.ts';

/** What is kept of a person. */
export interface PersonAttributes {
  readonly userName: string;
  /** Lower-case. */
  readonly email: string;
  readonly externalId: string | null;
  readonly displayName: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly isActive: boolean;
}

/** A row of control.scim_user. */
export interface PersonRow {
  id: string;
  user_id: string | null;
  user_name: string;
  email: string;
  external_id: string | null;
  display_name: string;
  given_name: string;
  family_name: string;
  is_active: boolean;
  is_managed: boolean;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** A group of a person, as it is shown with them. */
export interface GroupOfPerson {
  readonly id: string;
  readonly name: string;
}

/** What a row says of its person. */
export function attributesOfRow(row: PersonRow): PersonAttributes {
  return {
    userName: row.user_name,
    email: row.email,
    externalId: row.external_id,
    displayName: row.display_name,
    givenName: row.given_name,
    familyName: row.family_name,
    isActive: row.is_active,
  };
}

/** What a whole resource says of its person. @throws UserError when it has no address */
export function attributesOfRequest(of: ScimUserRequest): PersonAttributes {
  return {
    userName: of.userName.trim(),
    email: addressOf(of),
    externalId: of.externalId ?? null,
    displayName: of.displayName ?? of.name?.formatted ?? '',
    givenName: of.name?.givenName ?? '',
    familyName: of.name?.familyName ?? '',
    isActive: isOn(of.active ?? true),
  };
}

/** A boolean that may have come as text. */
export function isOn(value: boolean | string): boolean {
  return typeof value === 'boolean' ? value : value.toLowerCase() === 'true';
}

/** The primary address, else the first one, else a user name that is one. */
function addressOf(of: ScimUserRequest): string {
  const emails = of.emails ?? [];
  const chosen = emails.find(email => isOn(email.primary ?? false)) ?? emails[0];
  return (chosen?.value ?? of.userName).trim().toLowerCase();
}

const ADDRESS = /^[^\s@]{1,64}@[a-z0-9.-]{3,253}$/;

/** Refuses a person that this tenant may not speak for. @throws UserError */
export function refuseForeign({ email, userName }: PersonAttributes, proven: readonly string[]): void {
  if (userName === '') throw new UserError('scim.invalid-value', 'A person needs a userName.');
  if (!ADDRESS.test(email)) {
    throw new UserError(
      'scim.invalid-value',
      'A person needs an e-mail address: send one in emails, or as the userName.',
    );
  }
  if (!isProven(domainOf(email), proven)) {
    throw new UserError(
      'scim.invalid-value',
      `The tenant has not proven that ${domainOf(email)} is its own: add the domain as a target and prove it first.`,
    );
  }
}

/** The resource of a row. */
export function personResource(
  row: PersonRow,
  of: { readonly baseUrl: string; readonly groups: readonly GroupOfPerson[] },
): ScimUser {
  const formatted = [row.given_name, row.family_name].filter(part => part !== '').join(' ');
  return {
    schemas: [scimSchemas.user],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    userName: row.user_name,
    name: {
      ...(row.given_name === '' ? {} : { givenName: row.given_name }),
      ...(row.family_name === '' ? {} : { familyName: row.family_name }),
      formatted: formatted === '' ? row.display_name : formatted,
    },
    displayName: row.display_name === '' ? formatted : row.display_name,
    active: row.is_active,
    emails: [{ value: row.email, type: 'work', primary: true }],
    groups: of.groups.map(group => ({ value: group.id, display: group.name })),
    meta: {
      resourceType: 'User',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${of.baseUrl}/Users/${row.id}`,
      version: versionOf(row.version),
    },
  };
}

/** A version as SCIM shows it: a weak entity tag. */
export function versionOf(version: number): string {
  return `W/"${version}"`;
}
