import type { ScimProjection } from '@glacis/contract';

/** Attributes that are in every answer. */
const ALWAYS = new Set(['schemas', 'id', 'meta']);

/** A resource with the attributes that were asked for: `attributes` names those that stay, `excludedAttributes` those that go. */
export function project<Resource extends object>(resource: Resource, query: ScimProjection): Resource {
  const wanted = namesOf(query.attributes);
  const unwanted = namesOf(query.excludedAttributes);
  if (wanted.size === 0 && unwanted.size === 0) return resource;
  const kept = Object.entries(resource).filter(([name]) => {
    const plain = name.toLowerCase();
    if (ALWAYS.has(plain)) return true;
    return wanted.size > 0 ? wanted.has(plain) : !unwanted.has(plain);
  });
  return Object.fromEntries(kept) as Resource;
}

/** Whether an answer shows an attribute. */
export function isWanted(name: string, query: ScimProjection): boolean {
  const wanted = namesOf(query.attributes);
  return wanted.size > 0 ? wanted.has(name) : !namesOf(query.excludedAttributes).has(name);
}

/** Names of top-level attributes; a part of one asks for the whole. */
function namesOf(list: string | undefined): ReadonlySet<string> {
  const names = (list ?? '').split(',').map(name => {
    const plain = name.trim().replace(/^urn:.*:(?=[^:]*$)/i, '');
    return (plain.split('.')[0] ?? '').toLowerCase();
  });
  return new Set(names.filter(name => name !== ''));
}
