import type { Route } from './route.ts';

const VERBS = { GET: 'read', POST: 'create', PUT: 'set', PATCH: 'update', DELETE: 'delete' } as const;

/**
 * The name of what a route does, for the audit log: as it declares, or made of its path and method: `targets.create`,
 * `targets.verify`, `session.password.set`.
 */
export function actionOf(route: Pick<Route, 'method' | 'url' | 'action'>): string {
  if (route.action !== undefined) return route.action;
  const parts = route.url
    .replace(/^\/api\//, '')
    .replace(/^tenants\/:tenant(\/|$)/, '')
    .split('/')
    .filter(part => part !== '');
  const names = parts
    .filter(part => !part.startsWith(':') && !/^v\d+$/.test(part))
    .map(part => part.toLowerCase());
  // What follows a thing's id in a POST is what is done to it.
  const isVerbNamed = route.method === 'POST' && parts.at(-2)?.startsWith(':') === true && names.length > 1;
  return [...(names.length > 0 ? names : ['tenant']), ...(isVerbNamed ? [] : [VERBS[route.method]])].join(
    '.',
  );
}

/** Whether calls of a route are recorded when they succeed: every change, and what else declares an action. */
export function isRecorded(route: Pick<Route, 'method' | 'action'>): boolean {
  return route.method !== 'GET' || route.action !== undefined;
}
