import {
  checkoutAnswer,
  enteredTenant,
  planUse,
  platformInfo,
  portalAnswer,
  signUpState,
  signUpStep,
  type CompleteSignUpRequest,
} from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { command, request, tenantUrl } from './client.ts';

/** What the platform offers to who is not signed in. */
export const infoQuery = queryOptions({
  queryKey: ['info'] as const,
  queryFn: ({ signal }) => request(platformInfo, '/api/info', { signal }),
  staleTime: 300_000,
});

/** The plan of a tenant and what of it is used. */
export function planQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'plan'] as const,
    queryFn: ({ signal }) => request(planUse, tenantUrl(tenant, 'plan'), { signal }),
  });
}

/** Changes the plan; an address in the answer is where to pay. @throws ApiError */
export function changePlan(tenant: string, planId: string) {
  return request(checkoutAnswer, tenantUrl(tenant, 'plan', 'checkout'), {
    method: 'POST',
    body: { planId },
  });
}

/** Where the payment provider shows payments. @throws ApiError */
export function openPortal(tenant: string) {
  return request(portalAnswer, tenantUrl(tenant, 'plan', 'portal'), { method: 'POST' });
}

/** Begins a sign-up. @throws ApiError */
export function startSignUp(email: string): Promise<void> {
  return command('/api/sign-up', { method: 'POST', body: { email } });
}

/** How far a sign-up is. @throws ApiError */
export function lookAtSignUp(token: string) {
  return request(signUpState, '/api/sign-up/look', { method: 'POST', body: { token } });
}

/** Chooses plan, name and domain. @throws ApiError */
export function completeSignUp(body: CompleteSignUpRequest) {
  return request(signUpStep, '/api/sign-up/complete', { method: 'POST', body });
}

/** Ends a sign-up whose tenant is there. @throws ApiError */
export function enterSignUp(token: string) {
  return request(enteredTenant, '/api/sign-up/enter', { method: 'POST', body: { token } });
}
