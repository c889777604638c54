import type { Route } from '@glacis/domain';

/** What an error status of the API means, whichever route answers it. */
export const refusalMeanings = {
  400: 'The request does not fit the schema, or what it asks for cannot be.',
  401: 'Nobody is signed in, or the credential is not valid (any more).',
  403: 'The caller may not do it, has to confirm who they are, or the request came from another origin.',
  404: 'It does not exist, or belongs to somebody else.',
  409: 'It contradicts the present state.',
  412: 'It has changed since it was read.',
  413: 'The body is over the limit.',
  429: 'Too many requests, or too many failed attempts.',
  503: 'The database or a service is away for the moment.',
} as const satisfies Record<number, string>;

/** An error status that routes answer. */
export type RefusalStatus = keyof typeof refusalMeanings;

/** The error statuses that a route may answer, as far as they follow from its declaration. */
export function refusalsOf(route: Route): readonly RefusalStatus[] {
  const isChange = route.method !== 'GET';
  const isGuarded = route.access !== 'public';
  const hasBody = route.body !== undefined || route.upload !== undefined;
  const holds: Readonly<Record<RefusalStatus, boolean>> = {
    // Paths that cannot be read and bodies of another type are refused on every route.
    400: true,
    // A bearer token that is not valid is refused even where nobody needs one.
    401: true,
    403: isGuarded || isChange,
    404: route.params !== undefined || isChange,
    409: isGuarded || isChange,
    412: route.dialect === 'scim' && isChange,
    413: hasBody || isChange,
    429: true,
    503: true,
  };
  return STATUSES.filter(status => holds[status]);
}

const STATUSES: readonly RefusalStatus[] = [400, 401, 403, 404, 409, 412, 413, 429, 503];
