import {
  createTenantRequest,
  deletionScheduled,
  pageOf,
  platformPath,
  scheduleDeletionRequest,
  setPlanRequest,
  suspendRequest,
  tenantDetail,
  tenantListQuery,
  tenantMade,
  tenantSummary,
} from '@glacis/contract';
import { tenantId } from '@glacis/foundation';
import { setTenantPlan } from '../billing/plan-catalogue.ts';
import { callerOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { exportTenant } from './export.ts';
import { foundTenant } from './found.ts';
import { cancelDeletion, scheduleDeletion } from './shred.ts';
import { resumeTenant, suspendTenant } from './suspension.ts';
import { listTenants, readTenant } from './tenant-list.ts';

const url = '/api/platform/tenants';
const access = 'platform.manage';

/** Routes of the platform's administrators over tenants. They see counts, never what is inside. */
export const platformTenantRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access,
    summary: 'Lists tenants, newest first; counts are estimates.',
    query: tenantListQuery,
    answer: pageOf(tenantSummary),
    handle: input => listTenants(input.platform, input.query),
  }),
  route({
    method: 'POST',
    url,
    access,
    summary: 'Makes a tenant and invites its first admin.',
    body: createTenantRequest,
    answer: tenantMade,
    status: 201,
    handle: input => foundTenant(input.platform, input.body, callerOf(input)),
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access,
    summary: 'Shows a tenant and what it uses, counted now.',
    params: platformPath,
    answer: tenantDetail,
    handle: input => readTenant(input.platform, input.params.id),
  }),
  route({
    method: 'PUT',
    url: `${url}/:id/plan`,
    access,
    summary: 'Puts a tenant on a plan.',
    params: platformPath,
    body: setPlanRequest,
    answer: 'none',
    handle: input => setTenantPlan(input.platform, { id: input.params.id, planId: input.body.planId }),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/suspend`,
    access,
    summary: 'Suspends a tenant: its scans stop and its members are refused at once.',
    params: platformPath,
    body: suspendRequest,
    answer: 'none',
    handle: input => suspendTenant(input.platform, input.params.id, input.body.reason),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/resume`,
    access,
    summary: 'Opens a suspended tenant again.',
    params: platformPath,
    answer: 'none',
    handle: input => resumeTenant(input.platform, input.params.id),
  }),
  route({
    method: 'GET',
    url: `${url}/:id/export`,
    access,
    action: 'tenants.export',
    summary:
      'Everything of a tenant as one archive: JSON lines by table, stored files, a manifest with hashes.',
    params: platformPath,
    answer: 'file',
    fileTypes: ['application/gzip'],
    handle: async input => {
      const { slug } = await readTenant(input.platform, input.params.id);
      return exportFile(slug, exportTenant(input.platform, tenantId(input.params.id)));
    },
  }),
  route({
    method: 'POST',
    url: `${url}/:id/delete`,
    access,
    isDangerous: true,
    summary: 'Shuts a tenant and deletes it after the grace period; typing its short name confirms.',
    params: platformPath,
    body: scheduleDeletionRequest,
    answer: deletionScheduled,
    handle: input => scheduleDeletion(input.platform, { id: input.params.id, ...input.body }),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/keep`,
    access,
    summary: 'Keeps a tenant that was to be deleted.',
    params: platformPath,
    answer: 'none',
    handle: input => cancelDeletion(input.platform, input.params.id),
  }),
];

/** An export as a download. */
export function exportFile(slug: string, bytes: ReturnType<typeof exportTenant>) {
  const day = new Date().toISOString().slice(0, 10);
  return { bytes, mediaType: 'application/gzip', fileName: `glacis-${slug}-${day}.tar.gz` };
}
