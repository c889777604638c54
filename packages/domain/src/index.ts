import type { Route } from './http/route.ts';
import { findingRoutes } from './findings/routes.ts';
import { identityRoutes } from './identity/routes.ts';
import { inventoryRoutes } from './inventory/routes.ts';
import { overviewRoutes } from './overview/routes.ts';
import { reportRoutes } from './reports/routes.ts';
import { scanRoutes } from './scans/routes.ts';
import { targetRoutes } from './targets/routes.ts';

export * from './http/route.ts';
export { callerOfSession, createSignInLink } from './identity/service.ts';
export { listAssets } from './inventory/repository.ts';
export { listFindings } from './findings/repository.ts';
export { openPlatform, type OpenPlatform } from './open-platform.ts';
export type { LookupTxt, Mail, Platform } from './platform.ts';
export { failReport, renderReport } from './reports/render.ts';
export { readReport, readReportFile, REPORT_QUEUE, requestReport } from './reports/service.ts';
export { closeScan } from './scans/closing.ts';
export { readScanView } from './scans/repository.ts';
export { launchScan, readProgress, stopScan } from './scans/service.ts';
export { ownableDomain } from './targets/names.ts';
export { recheckProofs, startProofChecks } from './targets/recheck.ts';
export { createTarget } from './targets/service.ts';
export { verifyTarget } from './targets/verify.ts';
export { findTarget, listTargets } from './targets/view.ts';
export { createKeyRing, readMasterKey } from './tenancy/keys.ts';
export { createTenant, membershipsOf } from './tenancy/service.ts';

/** All routes of all slices. */
export const routes: readonly Route[] = [
  ...identityRoutes,
  ...overviewRoutes,
  ...targetRoutes,
  ...scanRoutes,
  ...inventoryRoutes,
  ...findingRoutes,
  ...reportRoutes,
];
