import {
  deletionScheduled,
  featureSwitch,
  pageOf,
  platformHealth,
  platformPlan,
  tenantDetail,
  tenantMade,
  tenantSummary,
  waitingSignUp,
  type Feature,
  type PlanRequest,
} from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { z } from 'zod';
import { command, request, type QueryValues } from './client.ts';

const url = (...parts: readonly string[]): string =>
  ['/api/platform', ...parts.map(encodeURIComponent)].join('/');

/** A page of tenants. */
export function tenantsQuery(query: QueryValues) {
  return queryOptions({
    queryKey: ['platform', 'tenants', query] as const,
    queryFn: ({ signal }) => request(pageOf(tenantSummary), url('tenants'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One tenant with what it uses. */
export function tenantQuery(id: string) {
  return queryOptions({
    queryKey: ['platform', 'tenant', id] as const,
    queryFn: ({ signal }) => request(tenantDetail, url('tenants', id), { signal }),
  });
}

/** Makes a tenant and invites its admin. @throws ApiError */
export function createTenant(body: { slug: string; name: string; adminEmail: string; planId?: string }) {
  return request(tenantMade, url('tenants'), { method: 'POST', body });
}

/** Puts a tenant on a plan. @throws ApiError */
export function setTenantPlan(id: string, planId: string | null): Promise<void> {
  return command(url('tenants', id, 'plan'), { method: 'PUT', body: { planId } });
}

/** Suspends a tenant. @throws ApiError */
export function suspendTenant(id: string, reason: string): Promise<void> {
  return command(url('tenants', id, 'suspend'), { method: 'POST', body: { reason } });
}

/** Opens a tenant again, or keeps one that was to be deleted. @throws ApiError */
export function reopenTenant(id: string, how: 'resume' | 'keep'): Promise<void> {
  return command(url('tenants', id, how), { method: 'POST' });
}

/** Shuts a tenant and deletes it after the grace period. @throws ApiError */
export function deleteTenant(id: string, body: { slug: string; graceDays: number }) {
  return request(deletionScheduled, url('tenants', id, 'delete'), { method: 'POST', body });
}

/** Where the export of a tenant is downloaded. */
export function tenantExportUrl(id: string): string {
  return url('tenants', id, 'export');
}

/** The plans of the platform. */
export const plansQuery = queryOptions({
  queryKey: ['platform', 'plans'] as const,
  queryFn: ({ signal }) => request(z.object({ items: z.array(platformPlan) }), url('plans'), { signal }),
});

/** Adds a plan, or changes one. @throws ApiError */
export function savePlan(body: PlanRequest, id?: string) {
  return id === undefined
    ? request(platformPlan, url('plans'), { method: 'POST', body })
    : request(platformPlan, url('plans', id), { method: 'PUT', body });
}

/** Removes a plan. @throws ApiError */
export function removePlan(id: string): Promise<void> {
  return command(url('plans', id), { method: 'DELETE' });
}

/** Sign-ups that wait for approval. */
export const signUpsQuery = queryOptions({
  queryKey: ['platform', 'sign-ups'] as const,
  queryFn: ({ signal }) => request(z.object({ items: z.array(waitingSignUp) }), url('sign-ups'), { signal }),
});

/** Makes the tenant of a sign-up, or turns it down. @throws ApiError */
export function decideSignUp(id: string, isApproved: boolean): Promise<void> {
  return isApproved
    ? command(url('sign-ups', id, 'approve'), { method: 'POST' })
    : command(url('sign-ups', id), { method: 'DELETE' });
}

/** Workers, queues, database and mails, looked at again every few seconds. */
export const healthQuery = queryOptions({
  queryKey: ['platform', 'health'] as const,
  queryFn: ({ signal }) => request(platformHealth, url('health'), { signal }),
  refetchInterval: 5000,
});

/** The switches of the platform. */
export const featuresQuery = queryOptions({
  queryKey: ['platform', 'features'] as const,
  queryFn: ({ signal }) => request(z.object({ items: z.array(featureSwitch) }), url('features'), { signal }),
});

/** Sets a switch for all, or for one tenant. @throws ApiError */
export function setFeature(feature: Feature, isOn: boolean | null, tenantId?: string): Promise<void> {
  const path =
    tenantId === undefined ? url('features', feature) : url('tenants', tenantId, 'features', feature);
  return command(path, { method: 'PUT', body: { isOn } });
}
