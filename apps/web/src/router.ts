import type { Permission } from '@glacis/contract';
import type { QueryClient } from '@tanstack/vue-query';
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router';
import { isSignedOut } from './api/api-error.ts';
import { sessionQuery } from './api/session.ts';
import { translate } from './i18n/index.ts';
import { lastTenant, rememberTenant } from './session/last-tenant.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    isPublic?: boolean;
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
    if (!session)
      return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath }, replace: true };
    if (to.name === 'start') {
      const tenant = session.tenants.find(one => one.slug === lastTenant()) ?? session.tenants[0];
      return tenant ? { name: 'overview', params: { tenant: tenant.slug }, replace: true } : true;
    }
    if (to.name === 'missing') return true;
    const tenant = session.tenants.find(one => one.slug === to.params['tenant']);
    const { permission } = to.meta;
    if (!tenant || (permission && !tenant.permissions.includes(permission))) {
      return { name: 'missing', params: { rest: to.path.slice(1).split('/') }, replace: true };
    }
    rememberTenant(tenant.slug);
    return true;
  });
  router.afterEach(to => {
    const name = to.meta.title ? translate(to.meta.title) : undefined;
    document.title = name ? `${name} – Glacis` : 'Glacis';
  });
  return router;
}
