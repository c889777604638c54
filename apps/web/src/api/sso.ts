import {
  samlProvider,
  signInPolicy,
  ssoConnectionList,
  ssoConnectionView,
  ssoEntered,
  ssoFound,
  ssoStarted,
  type SamlProvider,
  type SignInPolicy,
  type SsoConnectionRequest,
} from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { command, request, tenantUrl } from './client.ts';

/** What a tenant asks of everybody who enters it. */
export function policyQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'sign-in-policy'] as const,
    queryFn: ({ signal }) => request(signInPolicy, tenantUrl(tenant, 'sign-in-policy'), { signal }),
  });
}

/** Sets it. @throws ApiError */
export async function setPolicy(tenant: string, policy: SignInPolicy): Promise<void> {
  await request(signInPolicy, tenantUrl(tenant, 'sign-in-policy'), { method: 'PUT', body: policy });
}

/** The identity providers of a tenant. */
export function providersQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'sso'] as const,
    queryFn: ({ signal }) => request(ssoConnectionList, tenantUrl(tenant, 'sso'), { signal }),
  });
}

/** Adds a provider, or changes the one with the id. @throws ApiError */
export async function saveProvider(
  tenant: string,
  provider: SsoConnectionRequest,
  id?: string,
): Promise<void> {
  await request(ssoConnectionView, id ? tenantUrl(tenant, 'sso', id) : tenantUrl(tenant, 'sso'), {
    method: id ? 'PUT' : 'POST',
    body: provider,
  });
}

/** Removes a provider. @throws ApiError */
export function removeProvider(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'sso', id), { method: 'DELETE' });
}

/** The providers that speak for an address. @throws ApiError */
export async function findProviders(email: string): Promise<{ id: string; name: string }[]> {
  return (await request(ssoFound, '/api/sso/find', { method: 'POST', body: { email } })).connections;
}

/** Where to go to sign in at a provider. @throws ApiError */
export async function startAtProvider(connectionId: string, next?: string): Promise<string> {
  const body = { connectionId, ...(next === undefined ? {} : { next }) };
  return (await request(ssoStarted, '/api/sso/start', { method: 'POST', body })).url;
}

/** Ends a sign-in with what the provider sent back; returns the next page. @throws ApiError */
export async function completeAtProvider(
  back:
    | { readonly kind: 'oidc'; readonly connectionId: string; readonly query: string }
    | { readonly kind: 'saml'; readonly connectionId: string; readonly answer: string },
): Promise<string> {
  const { kind, ...body } = back;
  return (await request(ssoEntered, `/api/sso/${kind}/complete`, { method: 'POST', body })).next;
}

/** Reads the metadata of a SAML provider. @throws ApiError */
export function readSamlMetadata(tenant: string, xml: string): Promise<SamlProvider> {
  return request(samlProvider, tenantUrl(tenant, 'sso', 'saml-metadata'), { method: 'POST', body: { xml } });
}
