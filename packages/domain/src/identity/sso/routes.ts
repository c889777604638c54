import {
  oidcCompleteRequest,
  ssoConnectionList,
  ssoConnectionRequest,
  ssoConnectionView,
  ssoEntered,
  ssoFindRequest,
  ssoFound,
  ssoStarted,
  ssoStartRequest,
  tenantPath,
  thingPath,
} from '@glacis/contract';
import { tenantOf } from '../../http/caller.ts';
import { route, type Route } from '../../http/route.ts';
import { completeOidc, OIDC_ACTION } from '../oidc/sign-in.ts';
import { samlRoutes } from '../saml/routes.ts';
import { beginAtProvider } from './begin.ts';
import { findConnections, listConnections, removeConnection } from './connections.ts';
import { saveConnection } from './save.ts';

const url = '/api/tenants/:tenant/sso';

/** Routes of identity providers: those of a tenant, and signing in by them. */
export const ssoRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/sso/find',
    access: 'public',
    action: 'sso.find',
    summary: 'The identity providers that speak for an address; depends on its domain alone.',
    body: ssoFindRequest,
    answer: ssoFound,
    handle: async input => ({
      connections: await findConnections(input.platform.database, input.body.email),
    }),
  }),
  route({
    method: 'POST',
    url: '/api/sso/start',
    access: 'public',
    action: 'sso.start',
    summary: 'Begins a sign-in at an identity provider: answers where to go.',
    body: ssoStartRequest,
    answer: ssoStarted,
    handle: async input => ({ url: await beginAtProvider(input, input.body) }),
  }),
  route({
    method: 'POST',
    url: '/api/sso/oidc/complete',
    access: 'public',
    action: OIDC_ACTION,
    summary: 'Ends a sign-in with what the identity provider sent the browser back with.',
    body: oidcCompleteRequest,
    answer: ssoEntered,
    handle: input => completeOidc(input, input.body),
  }),
  ...samlRoutes,
  route({
    method: 'GET',
    url,
    access: 'tenant.manage',
    summary: 'The identity providers of the tenant.',
    params: tenantPath,
    answer: ssoConnectionList,
    handle: input => listConnections(input.platform, tenantOf(input)),
  }),
  route({
    method: 'POST',
    url,
    access: 'tenant.manage',
    isDangerous: true,
    summary: 'Adds an identity provider, after what was said of it was checked.',
    params: tenantPath,
    body: ssoConnectionRequest,
    answer: ssoConnectionView,
    status: 201,
    handle: async input => {
      const made = await saveConnection(input.platform, tenantOf(input), { request: input.body });
      input.note({ subject: { kind: 'sso', id: made.id } });
      return made;
    },
  }),
  route({
    method: 'PUT',
    url: `${url}/:id`,
    access: 'tenant.manage',
    isDangerous: true,
    summary:
      'Changes an identity provider. Without a secret the present one stays, unless the issuer is another.',
    params: thingPath,
    body: ssoConnectionRequest,
    answer: ssoConnectionView,
    handle: input =>
      saveConnection(input.platform, tenantOf(input), { id: input.params.id, request: input.body }),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'tenant.manage',
    isDangerous: true,
    summary: 'Removes an identity provider; sessions that it vouched for end.',
    params: thingPath,
    answer: 'none',
    handle: input => removeConnection(input.platform.database, tenantOf(input), input.params.id),
  }),
];
