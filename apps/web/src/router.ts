import type { Permission } from '@glacis/contract';
import type { QueryClient } from '@tanstack/vue-query';
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router';
import { isSignedOut } from './api/api-error.ts';
import { infoQuery } from './api/billing.ts';
import { sessionQuery } from './api/session.ts';
import { translate } from './i18n/index.ts';
import { lastTenant, rememberTenant } from './session/last-tenant.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    isPublic?: boolean;
    /** For administrators of the platform alone. */
    isOfPlatform?: boolean;
    /** What the session must be allowed in the tenant of the address. */
    permission?: Permission;
    /** Key of the page's name, for the window title. */
    title?: string;
  }
}

const pages: readonly RouteRecordRaw[] = [
  {
    path: '',
    name: 'overview',
    component: () => import('./features/overview/overview-page.vue'),
    meta: { permission: 'asset.read', title: 'nav.overview' },
  },
  {
    path: 'targets',
    name: 'targets',
    component: () => import('./features/targets/targets-page.vue'),
    meta: { permission: 'target.read', title: 'nav.targets' },
  },
  {
    path: 'targets/import',
    name: 'import',
    component: () => import('./features/targets/import-page.vue'),
    meta: { permission: 'target.write', title: 'import.title' },
  },
  {
    path: 'organisations',
    name: 'organisations',
    component: () => import('./features/organisations/organisations-page.vue'),
    meta: { permission: 'target.read', title: 'organisation.many' },
  },
  {
    path: 'projects',
    name: 'projects',
    component: () => import('./features/projects/projects-page.vue'),
    meta: { permission: 'project.read', title: 'nav.projects' },
  },
  {
    path: 'projects/:id',
    name: 'project',
    component: () => import('./features/projects/project-page.vue'),
    meta: { permission: 'project.read', title: 'project.one' },
  },
  {
    path: 'scans',
    name: 'scans',
    component: () => import('./features/scans/scans-page.vue'),
    meta: { permission: 'scan.read', title: 'nav.scans' },
  },
  {
    path: 'scans/:id',
    name: 'scan',
    component: () => import('./features/scans/scan-page.vue'),
    meta: { permission: 'scan.read', title: 'scan.one' },
  },
  {
    path: 'assets',
    name: 'assets',
    component: () => import('./features/assets/assets-page.vue'),
    meta: { permission: 'asset.read', title: 'nav.assets' },
  },
  {
    path: 'assets/:id',
    name: 'asset',
    component: () => import('./features/assets/asset-page.vue'),
    meta: { permission: 'asset.read', title: 'asset.one' },
  },
  {
    path: 'findings',
    name: 'findings',
    component: () => import('./features/findings/findings-page.vue'),
    meta: { permission: 'finding.read', title: 'nav.findings' },
  },
  {
    path: 'findings/:id',
    name: 'finding',
    component: () => import('./features/findings/finding-page.vue'),
    meta: { permission: 'finding.read', title: 'finding.one' },
  },
  {
    path: 'reports',
    name: 'reports',
    component: () => import('./features/reports/reports-page.vue'),
    meta: { permission: 'report.read', title: 'nav.reports' },
  },
  {
    path: 'audit',
    name: 'audit',
    component: () => import('./features/audit/audit-page.vue'),
    meta: { permission: 'audit.read', title: 'nav.audit' },
  },
  {
    path: 'account',
    name: 'account',
    component: () => import('./features/account/account-page.vue'),
    meta: { title: 'session.account' },
  },
  {
    path: 'sign-in',
    name: 'sign-in-settings',
    component: () => import('./features/sign-in-settings/settings-page.vue'),
    meta: { permission: 'tenant.manage', title: 'nav.sign-in-settings' },
  },
  {
    path: 'members',
    name: 'members',
    component: () => import('./features/members/members-page.vue'),
    meta: { permission: 'tenant.manage', title: 'nav.members' },
  },
  {
    path: 'plan',
    name: 'plan',
    component: () => import('./features/plan/plan-page.vue'),
    meta: { permission: 'tenant.manage', title: 'nav.plan' },
  },
];

const publicPages: readonly RouteRecordRaw[] = [
  {
    path: '/welcome',
    name: 'welcome',
    component: () => import('./features/landing/landing-page.vue'),
    meta: { isPublic: true },
  },
  {
    path: '/sign-up',
    name: 'sign-up',
    component: () => import('./features/sign-up/sign-up-page.vue'),
    meta: { isPublic: true, title: 'signUp.title' },
  },
  {
    path: '/invitation',
    name: 'invitation',
    component: () => import('./features/sign-up/invitation-page.vue'),
    meta: { isPublic: true, title: 'invitation.loading' },
  },
  {
    path: '/reset-password',
    name: 'reset-password',
    component: () => import('./features/sign-up/reset-password-page.vue'),
    meta: { isPublic: true, title: 'reset.title' },
  },
  {
    path: '/confirm-email',
    name: 'confirm-email',
    component: () => import('./features/sign-up/confirm-email-page.vue'),
    meta: { isPublic: true, title: 'emailChange.title' },
  },
];

const platformPages: readonly RouteRecordRaw[] = [
  {
    path: 'tenants',
    name: 'platform-tenants',
    component: () => import('./features/platform/tenants-page.vue'),
    meta: { title: 'platform.nav.platform-tenants' },
  },
  {
    path: 'tenants/:id',
    name: 'platform-tenant',
    component: () => import('./features/platform/tenant-page.vue'),
    meta: { title: 'platform.title' },
  },
  {
    path: 'plans',
    name: 'platform-plans',
    component: () => import('./features/platform/plans-page.vue'),
    meta: { title: 'platform.nav.platform-plans' },
  },
  {
    path: 'health',
    name: 'platform-health',
    component: () => import('./features/platform/health-page.vue'),
    meta: { title: 'platform.nav.platform-health' },
  },
];

const missing = () => import('./shell/missing-page.vue');
const routes: readonly RouteRecordRaw[] = [
  { path: '/', name: 'start', component: missing },
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('./features/session/sign-in-page.vue'),
    meta: { isPublic: true, title: 'session.signIn' },
  },
  {
    path: '/sign-in/:kind(oidc|saml)/:id',
    name: 'provider-return',
    component: () => import('./features/session/provider-return-page.vue'),
    meta: { isPublic: true, title: 'session.returning' },
  },
  {
    path: '/security',
    name: 'security',
    component: () => import('./features/security/security-page.vue'),
    meta: { title: 'session.security' },
  },
  ...publicPages,
  {
    path: '/platform',
    component: () => import('./features/platform/platform-frame.vue'),
    meta: { isOfPlatform: true },
    redirect: { name: 'platform-tenants' },
    children: [...platformPages],
  },
  {
    path: '/unreachable',
    name: 'unreachable',
    component: () => import('./shell/unreachable-page.vue'),
    meta: { isPublic: true, title: 'shell.unreachable' },
  },
  { path: '/t/:tenant', component: () => import('./shell/app-shell.vue'), children: [...pages] },
  { path: '/:rest(.*)*', name: 'missing', component: missing, meta: { title: 'shell.missing' } },
];

/** The pages and who may open them. */
export function createAppRouter(queryClient: QueryClient): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  });
  router.beforeEach(async to => {
    if (to.meta.isPublic) return true;
    const session = await queryClient.ensureQueryData(sessionQuery).catch((error: unknown) => {
      return isSignedOut(error) ? undefined : ('unreachable' as const);
    });
    if (session === 'unreachable')
      return { name: 'unreachable', query: { next: to.fullPath }, replace: true };
    // Who comes to the bare address of a platform that takes sign-ups is shown what it is.
    if (!session && to.name === 'start' && (await takesSignUps(queryClient)))
      return { name: 'welcome', replace: true };
    if (!session)
      return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath }, replace: true };
    if (to.name === 'start') {
      const tenant = session.tenants.find(one => one.slug === lastTenant()) ?? session.tenants[0];
      if (tenant) return { name: 'overview', params: { tenant: tenant.slug }, replace: true };
      return session.user.isPlatformAdmin ? { name: 'platform-tenants', replace: true } : true;
    }
    if (to.name === 'missing' || to.name === 'security') return true;
    if (to.meta.isOfPlatform && session.user.isPlatformAdmin) return true;
    const tenant = session.tenants.find(one => one.slug === to.params['tenant']);
    const { permission } = to.meta;
    if (!tenant || (permission && !tenant.permissions.includes(permission))) {
      return { name: 'missing', params: { rest: to.path.slice(1).split('/') }, replace: true };
    }
    if (tenant.breach)
      return { name: 'security', query: { tenant: tenant.slug, next: to.fullPath }, replace: true };
    rememberTenant(tenant.slug);
    return true;
  });
  router.afterEach(to => {
    const name = to.meta.title ? translate(to.meta.title) : undefined;
    document.title = name ? `${name} – Glacis` : 'Glacis';
  });
  return router;
}

async function takesSignUps(queryClient: QueryClient): Promise<boolean> {
  const info = await queryClient.ensureQueryData(infoQuery).catch(() => undefined);
  return info?.hasSignUp ?? false;
}
