import { importReport, pageOf, targetView, type ImportReport, type TargetView } from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { command, request, tenantUrl, upload, type QueryValues } from './client.ts';

const targetPage = pageOf(targetView);
/** Most targets that one scan takes. */
const MAX_TOGETHER = 100;

/** A page of targets. */
export function targetsQuery(tenant: string, query: QueryValues = {}) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'targets', query] as const,
    queryFn: ({ signal }) => request(targetPage, tenantUrl(tenant, 'targets'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** The proven targets, as many as one scan takes. */
export function provenQuery(tenant: string) {
  return targetsQuery(tenant, { state: 'proven', pageSize: MAX_TOGETHER });
}

/** Adds a domain. @throws ApiError */
export function addTarget(tenant: string, domain: string, projectId?: string): Promise<TargetView> {
  const body = projectId ? { domain, projectId } : { domain };
  return request(targetView, tenantUrl(tenant, 'targets'), { method: 'POST', body });
}

/** Changes the note of a target, or what it is sorted into. @throws ApiError */
export function updateTarget(
  tenant: string,
  id: string,
  body: { note?: string; organisationId?: string | null; groupIds?: readonly string[] },
): Promise<TargetView> {
  return request(targetView, tenantUrl(tenant, 'targets', id), { method: 'PATCH', body });
}

/** Looks for the proof of ownership now. @throws ApiError */
export function verifyTarget(
  tenant: string,
  id: string,
  method?: 'dns' | 'file' | 'meta',
): Promise<TargetView> {
  const body = method ? { method } : {};
  return request(targetView, tenantUrl(tenant, 'targets', id, 'verify'), { method: 'POST', body });
}

/** Takes the proof back. @throws ApiError */
export function revokeProof(tenant: string, id: string): Promise<TargetView> {
  return request(targetView, tenantUrl(tenant, 'targets', id, 'proof'), { method: 'DELETE' });
}

/** Sends a code to a mailbox of the domain. @throws ApiError */
export function sendProofMail(tenant: string, id: string, mailbox: string): Promise<TargetView> {
  const body = { mailbox };
  return request(targetView, tenantUrl(tenant, 'targets', id, 'mail-proof'), { method: 'POST', body });
}

/** Proves by the code that was mailed. @throws ApiError */
export function confirmProofMail(tenant: string, id: string, code: string): Promise<TargetView> {
  const body = { code };
  return request(targetView, tenantUrl(tenant, 'targets', id, 'mail-proof', 'confirm'), {
    method: 'POST',
    body,
  });
}

/** Shows what a file would add, or adds it. @throws ApiError */
export function importTargets(
  tenant: string,
  file: Blob,
  mode: 'preview' | 'all' | 'valid',
): Promise<ImportReport> {
  return upload(importReport, tenantUrl(tenant, 'targets', 'import'), file, { mode });
}

/** Removes a target with its scans. @throws ApiError */
export function removeTarget(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'targets', id), { method: 'DELETE' });
}
