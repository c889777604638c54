import {
  pageOf,
  paging,
  scanProgress,
  scanView,
  startScanRequest,
  tenantPath,
  thingPath,
} from '@glacis/contract';
import { inRouteTenant, requesterOf, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { demandGrant, inWritable } from '../projects/grants.ts';
import { listScans } from './repository.ts';
import { launchScan, readProgress, stopScan } from './service.ts';

const url = '/api/tenants/:tenant/scans';

/** Routes of scans. The live feed is a WebSocket (see live.ts). */
export const scanRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'scan.read',
    summary: 'Lists scans, newest first.',
    params: tenantPath,
    query: paging,
    answer: pageOf(scanView),
    handle: input => inRouteTenant(input, tx => listScans(tx, input.query)),
  }),
  route({
    method: 'POST',
    url,
    access: 'scan.run',
    summary: 'Starts a scan; active scanners run only when the target is proven.',
    params: tenantPath,
    body: startScanRequest,
    answer: scanView,
    status: 201,
    handle: async input => {
      const { targetId, alsoTargetIds, engine } = input.body;
      await inRouteTenant(input, async tx => {
        for (const id of [targetId, ...alsoTargetIds]) await demandGrant(tx, { kind: 'target', id });
      });
      return launchScan(input.platform, tenantOf(input), {
        targetIds: [targetId, ...alsoTargetIds],
        engine,
        userId: requesterOf(input),
      });
    },
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'scan.read',
    summary: 'Shows a scan, what each scanner has done, and the latest news.',
    params: thingPath,
    answer: scanProgress,
    handle: async input =>
      (await inRouteTenant(input, tx => readProgress(tx, input.platform, input.params.id))).progress,
  }),
  route({
    method: 'POST',
    url: `${url}/:id/cancel`,
    access: 'scan.run',
    summary: 'Cancels a running scan.',
    params: thingPath,
    answer: scanView,
    handle: input =>
      inWritable(input, { kind: 'scan', id: input.params.id }, tx => stopScan(tx, input.params.id)),
  }),
];
