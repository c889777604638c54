import type { ScimPatchOperation } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { z } from 'zod';
import { isOn, type PersonAttributes } from './person.ts';

const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/i;
const EMAIL = /^emails(?:\[[^\]]{0,200}\])?(?:\.value)?$/;
/** Attributes that a provider has no say in. */
const CLOSED = /^(?:password|roles|entitlements|groups|id|meta|x509certificates)(?:[.[]|$)/;

const text = z.string().max(300);
const flag = z.union([z.boolean(), z.string().regex(/^(true|false)$/i)]);
const emails = z.union([
  z.string().max(254),
  z.array(z.looseObject({ value: z.string().max(254), primary: flag.optional() })).max(20),
  z.looseObject({ value: z.string().max(254) }),
]);

/** The kind of an operation. Entra begins them with a capital letter. @throws UserError */
export function operationOf({ op }: ScimPatchOperation): 'add' | 'replace' | 'remove' {
  const kind = op.toLowerCase();
  if (kind === 'add' || kind === 'replace' || kind === 'remove') return kind;
  throw new UserError('scim.invalid-value', `“${op}” is no operation: use add, replace or remove.`);
}

/**
 * The attributes of a person after the operations of a PATCH. Attributes that Glacis does not keep are passed over; those
 * that a provider has no say in are refused. @throws UserError
 */
export function patchPerson(
  of: PersonAttributes,
  operations: readonly ScimPatchOperation[],
): PersonAttributes {
  let person = of;
  for (const operation of operations) {
    const kind = operationOf(operation);
    for (const [path, value] of pairsOf(operation, kind)) {
      person = kind === 'remove' ? without(person, path) : { ...person, ...changeOf(path, value) };
    }
  }
  return person;
}

/** Paths, in lower case, with their values: an operation without a path holds several, some of them dotted or nested. */
export function pairsOf(
  { path, value }: ScimPatchOperation,
  kind: 'add' | 'replace' | 'remove',
): (readonly [string, unknown])[] {
  if (path !== undefined && path !== null && path !== '') return [[normal(path), value]];
  if (kind === 'remove')
    throw new UserError('scim.no-target', 'Say what to remove: the operation has no path.');
  const values = z.record(z.string().max(500), z.unknown()).safeParse(value).data;
  if (!values) {
    throw new UserError('scim.invalid-value', 'An operation without a path needs an object as its value.');
  }
  return Object.entries(values).flatMap(([name, inner]) => {
    const plain = normal(name);
    const parts = plain === 'name' ? z.record(z.string(), z.unknown()).safeParse(inner).data : undefined;
    return parts
      ? Object.entries(parts).map(([part, one]) => [`name.${part.toLowerCase()}`, one] as const)
      : [[plain, inner] as const];
  });
}

function normal(path: string): string {
  return path.trim().replace(CORE, '').toLowerCase();
}

function changeOf(path: string, value: unknown): Partial<PersonAttributes> {
  refuseClosed(path);
  if (EMAIL.test(path)) return { email: emailOf(path, value) };
  switch (path) {
    case 'username':
      return { userName: read(text.trim().min(1), path, value) };
    case 'active':
      return { isActive: isOn(read(flag, path, value)) };
    case 'externalid':
      return { externalId: read(text.nullable(), path, value) };
    case 'displayname':
      return { displayName: read(text.nullable(), path, value) ?? '' };
    case 'name.givenname':
      return { givenName: read(text.nullable(), path, value) ?? '' };
    case 'name.familyname':
      return { familyName: read(text.nullable(), path, value) ?? '' };
    case 'name':
      return nameOf(value);
    default:
      return {};
  }
}

function nameOf(value: unknown): Partial<PersonAttributes> {
  const name = read(z.looseObject({ givenName: text.nullish(), familyName: text.nullish() }), 'name', value);
  return {
    ...(name.givenName === undefined ? {} : { givenName: name.givenName ?? '' }),
    ...(name.familyName === undefined ? {} : { familyName: name.familyName ?? '' }),
  };
}

function emailOf(path: string, value: unknown): string {
  const given = read(emails, path, value);
  if (typeof given === 'string') return given.trim().toLowerCase();
  const list = Array.isArray(given) ? given : [given];
  const chosen =
    list.find(one => isOn(z.union([z.boolean(), z.string()]).catch(false).parse(one['primary']))) ?? list[0];
  if (!chosen) throw new UserError('scim.invalid-value', 'A person keeps an e-mail address.');
  return chosen.value.trim().toLowerCase();
}

function without(person: PersonAttributes, path: string): PersonAttributes {
  refuseClosed(path);
  if (path === 'username' || path === 'active' || EMAIL.test(path)) {
    throw new UserError(
      'scim.mutability',
      `A person keeps the attribute ${path}: replace its value instead.`,
    );
  }
  switch (path) {
    case 'externalid':
      return { ...person, externalId: null };
    case 'displayname':
      return { ...person, displayName: '' };
    case 'name':
      return { ...person, givenName: '', familyName: '' };
    case 'name.givenname':
      return { ...person, givenName: '' };
    case 'name.familyname':
      return { ...person, familyName: '' };
    default:
      return person;
  }
}

function refuseClosed(path: string): void {
  if (!CLOSED.test(path)) return;
  throw new UserError(
    'scim.mutability',
    `The attribute ${path.slice(0, 100)} cannot be set by provisioning. Take it out of the attribute mapping.`,
  );
}

/** Reads a value of an operation. @throws UserError that names the path */
export function read<T>(schema: z.ZodType<T>, path: string, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    'scim.invalid-value',
    `The value of ${path.slice(0, 100)} is not valid: ${parsed.error.issues[0]?.message ?? ''}`,
  );
}
