import { createReportRequest, pageOf, paging, reportView, tenantPath, thingPath } from '@glacis/contract';
import { inRouteTenant, requesterOf, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { inWritable } from '../projects/grants.ts';
import { listReports, readReport, readReportFile, requestReport } from './service.ts';

const url = '/api/tenants/:tenant/reports';

/** Routes of reports. */
export const reportRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'report.read',
    summary: 'Lists reports, newest first.',
    params: tenantPath,
    query: paging,
    answer: pageOf(reportView),
    handle: input => inRouteTenant(input, tx => listReports(tx, input.query)),
  }),
  route({
    method: 'POST',
    url,
    access: 'report.create',
    summary: 'Asks for a report of a scan that has ended.',
    params: tenantPath,
    body: createReportRequest,
    answer: reportView,
    status: 202,
    handle: input =>
      inWritable(input, { kind: 'scan', id: input.body.scanId }, tx =>
        requestReport(tx, input.platform.queue, { ...input.body, userId: requesterOf(input) }),
      ),
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'report.read',
    summary: 'Shows the state of a report.',
    params: thingPath,
    answer: reportView,
    handle: input => inRouteTenant(input, tx => readReport(tx, input.params.id)),
  }),
  route({
    method: 'GET',
    url: `${url}/:id/file`,
    access: 'report.read',
    summary: 'Downloads a finished report as PDF.',
    params: thingPath,
    answer: 'file',
    fileTypes: ['application/pdf'],
    handle: async input => {
      const tenant = tenantOf(input);
      const { report, storageKey } = await inRouteTenant(input, tx => readReportFile(tx, input.params.id));
      const key = await input.platform.keyOf(tenant);
      return {
        bytes: await input.platform.blobs.get(tenant, key, storageKey),
        mediaType: 'application/pdf',
        fileName: `glacis-${report.domain}-${report.createdAt.slice(0, 10)}.pdf`,
      };
    },
  }),
];
