import type { ScimPatchOperation } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { z } from 'zod';
import { operationOf, pairsOf, read } from './patch.ts';

/** One step of a change of a group. */
export type GroupChange =
  | { readonly members: 'add' | 'remove' | 'replace'; readonly ids: readonly string[] }
  | { readonly displayName?: string; readonly externalId?: string | null };

const ONE_MEMBER = /^members\[\s*value\s+eq\s+"([\w-]{1,100})"\s*\]$/;
const CLOSED = /^(?:id|meta|roles)(?:[.[]|$)/;
const member = z.looseObject({ value: z.string().max(100) });
const members = z.union([z.array(member).max(5000), member]);
const text = z.string().max(300);

/** The steps of the operations of a PATCH. Attributes that Glacis does not keep are passed over. @throws UserError */
export function patchGroup(operations: readonly ScimPatchOperation[]): GroupChange[] {
  return operations.flatMap(operation => {
    const kind = operationOf(operation);
    return pairsOf(operation, kind).flatMap(([path, value]) => stepsOf(kind, path, value));
  });
}

function stepsOf(kind: 'add' | 'replace' | 'remove', path: string, value: unknown): GroupChange[] {
  if (CLOSED.test(path)) {
    throw new UserError(
      'scim.mutability',
      `The attribute ${path.slice(0, 100)} cannot be set by provisioning.`,
    );
  }
  const one = ONE_MEMBER.exec(path)?.[1];
  if (one !== undefined) return [{ members: kind === 'remove' ? 'remove' : 'add', ids: [one] }];
  if (path === 'members') {
    // Without a value all members go; Entra names those that go in the value.
    if (kind === 'remove' && (value === undefined || value === null))
      return [{ members: 'replace', ids: [] }];
    return [{ members: kind, ids: [read(members, path, value)].flat().map(entry => entry.value) }];
  }
  if (path.startsWith('members')) {
    throw new UserError('scim.invalid-path', 'Name members like members[value eq "…"], or all of them.');
  }
  if (path === 'displayname') {
    if (kind === 'remove') throw new UserError('scim.mutability', 'A group keeps its displayName.');
    return [{ displayName: read(text.min(1), path, value) }];
  }
  if (path === 'externalid')
    return [{ externalId: kind === 'remove' ? null : read(text.nullable(), path, value) }];
  return [];
}
