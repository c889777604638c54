import { auditRoutes } from './audit/routes.ts';
import type { Route } from './http/route.ts';
import { billingRoutes } from './billing/routes.ts';
import { findingRoutes } from './findings/routes.ts';
import { identityRoutes } from './identity/routes.ts';
import { passkeyRoutes } from './identity/passkeys/routes.ts';
import { policyRoutes } from './identity/policy/routes.ts';
import { ssoRoutes } from './identity/sso/routes.ts';
import { totpRoutes } from './identity/totp/routes.ts';
import { tokenRoutes } from './identity/token-routes.ts';
import { inventoryRoutes } from './inventory/routes.ts';
import { organisationRoutes } from './organisations/routes.ts';
import { overviewRoutes } from './overview/routes.ts';
import { projectRoutes } from './projects/routes.ts';
import { provisioningRoutes } from './provisioning/routes.ts';
import { reportRoutes } from './reports/routes.ts';
import { scanRoutes } from './scans/routes.ts';
import { targetRoutes } from './targets/routes.ts';
import { accountRoutes } from './tenancy/account-routes.ts';
import { memberRoutes } from './tenancy/member-routes.ts';
import { platformTenantRoutes } from './tenancy/platform-routes.ts';
import { platformSettingsRoutes } from './tenancy/platform-settings-routes.ts';
import { supportRoutes } from './tenancy/support-routes.ts';

export { readHead, recordHash, verifyChain } from './audit/chain.ts';
export { originOf, systemOrigin, type AuditAct, type AuditOrigin } from './audit/record.ts';
export { exportHeader, exportLine, readAudit, searchAudit } from './audit/search.ts';
export { openAuditTrail, type AuditNote, type AuditTrail } from './audit/trail.ts';
export { actionOf, isRecorded } from './http/action.ts';
export * from './http/route.ts';
export { callerOf, requesterOf, sessionRequired } from './http/caller.ts';
export { authenticate, type Authenticated, type GivenCredential } from './identity/authenticate.ts';
export type { Caller, Credential, CredentialKind, Person, RouteTenant } from './identity/caller.ts';
export { policyError } from './identity/policy/breach.ts';
export { removeFactors } from './identity/factors.ts';
export type { FlowKind } from './identity/flow.ts';
export {
  changeProjectTargets,
  createProject,
  setMemberScope,
  setProjectMembers,
} from './projects/service.ts';
export { createSignInLink } from './identity/service.ts';
export {
  callerOfSession,
  endSessionsOf,
  isFresh,
  listSessions,
  startSession,
  type ProvenIdentity,
} from './identity/session.ts';
export { createToken, listTokens, revokeToken, type TokenOwner } from './identity/token.ts';
export { createTokenSigner, type TokenSigner } from './identity/token-signer.ts';
export { listAssets } from './inventory/repository.ts';
export { openRateLimiter } from './limits/open-limiter.ts';
export type { RateLimiter, RateState, RateSubject } from './limits/rate-limiter.ts';
export { listFindings } from './findings/repository.ts';
export { openPlatform, type OpenPlatform } from './open-platform.ts';
export type { LookupTxt, Platform } from './platform.ts';
export { failReport, renderReport } from './reports/render.ts';
export { readReport, readReportFile, REPORT_QUEUE, requestReport } from './reports/service.ts';
export { closeScan } from './scans/closing.ts';
export { readScanView } from './scans/repository.ts';
export { launchScan, readProgress, stopScan } from './scans/service.ts';
export { exportTenant } from './tenancy/export.ts';
export { readTenantExport, type ExportManifest } from './tenancy/export-manifest.ts';
export { foundTenant } from './tenancy/found.ts';
export { applyRetention } from './tenancy/retention.ts';
export { cancelDeletion, scheduleDeletion, shredDueTenants } from './tenancy/shred.ts';
export { noteSupportUse } from './tenancy/support.ts';
export { resumeTenant, suspendTenant } from './tenancy/suspension.ts';
export { listTenants, readTenant } from './tenancy/tenant-list.ts';
export { listPlatformPlans, savePlan, setTenantPlan } from './billing/plan-catalogue.ts';
export { isFeatureOn } from './tenancy/features.ts';
export { createGroup, createOrganisation } from './organisations/service.ts';
export { readImportFile } from './targets/import-file.ts';
export { importTargets } from './targets/import.ts';
export { ownableDomain } from './targets/names.ts';
export { recheckProofs, startProofChecks } from './targets/recheck.ts';
export { createTarget } from './targets/service.ts';
export { verifyTarget } from './targets/verify.ts';
export { findTarget, listTargets } from './targets/view.ts';
export { startCaretaker, type Caretaker } from './tenancy/caretaker.ts';
export { deliverMails } from './mail/delivery.ts';
export { openMailTransport } from './mail/transport.ts';
export { queueMail, webLink } from './mail/outbox.ts';
export type { MailContent } from './mail/compose.ts';
export { readMasterKey, type MasterRing } from './keys/master-ring.ts';
export {
  afterMasterRotation,
  beginMasterRotation,
  beginTenantRotation,
  continueRotation,
  lastRotation,
  type Rotation,
} from './keys/rotation.ts';
export { readKeyStatus, type KeyStatus } from './keys/status.ts';
export { createKeyRing } from './keys/tenant-ring.ts';
export { takeStripeEvent } from './billing/stripe-events.ts';
export { assertWithinPlan, type PlanLimit } from './billing/limits.ts';
export { createTenant, createTenantWithin, membershipsOf } from './tenancy/service.ts';

/** All routes of all slices. */
export const routes: readonly Route[] = [
  ...identityRoutes,
  ...totpRoutes,
  ...passkeyRoutes,
  ...policyRoutes,
  ...ssoRoutes,
  ...overviewRoutes,
  ...targetRoutes,
  ...scanRoutes,
  ...inventoryRoutes,
  ...findingRoutes,
  ...reportRoutes,
  ...projectRoutes,
  ...organisationRoutes,
  ...auditRoutes,
  ...tokenRoutes,
  ...accountRoutes,
  ...memberRoutes,
  ...provisioningRoutes,
  ...billingRoutes,
  ...supportRoutes,
  ...platformTenantRoutes,
  ...platformSettingsRoutes,
];
