import {
  auditExportQuery,
  auditQuery,
  auditRecordView,
  auditVerification,
  pageOf,
  tenantPath,
} from '@glacis/contract';
import { tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { verifyChain } from './chain.ts';
import { exportAudit, searchAudit } from './search.ts';

const url = '/api/tenants/:tenant/audit';

/** Routes of a tenant's audit log. */
export const auditRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'audit.read',
    summary: 'Searches the audit log, newest first.',
    params: tenantPath,
    query: auditQuery,
    answer: pageOf(auditRecordView),
    handle: input => searchAudit(input.platform.database, tenantOf(input), input.query),
  }),
  route({
    method: 'GET',
    url: `${url}/export`,
    access: 'audit.read',
    action: 'audit.export',
    summary: 'Downloads records of the audit log as JSON lines or CSV, oldest first.',
    params: tenantPath,
    query: auditExportQuery,
    answer: 'file',
    fileTypes: ['application/jsonl', 'text/csv'],
    handle: async input => ({
      bytes: await exportAudit(input.platform.database, tenantOf(input), input.query),
      mediaType: input.query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl',
      fileName: `audit-${new Date().toISOString().slice(0, 10)}.${input.query.format}`,
    }),
  }),
  route({
    method: 'GET',
    url: `${url}/verification`,
    access: 'audit.read',
    summary: 'Verifies the chain of the audit log from its first record to its head.',
    params: tenantPath,
    answer: auditVerification,
    handle: input => verifyChain(input.platform.database, tenantOf(input)),
  }),
];
