import type { Permission } from '@glacis/contract';
import { computed, type ComputedRef } from 'vue';
import { useRoute, type RouteLocationRaw } from 'vue-router';
import { useSession } from './use-session.ts';

/** The tenant that the address names and what the session may do in it. */
export interface CurrentTenant {
  readonly slug: ComputedRef<string>;
  readonly name: ComputedRef<string>;
  /** Whether the session's role allows something here. */
  can: (permission: Permission) => boolean;
  /** A place inside this tenant. */
  to: (name: string, params?: Record<string, string>, query?: Record<string, string>) => RouteLocationRaw;
}

/** Reads the current tenant from the address. */
export function useTenant(): CurrentTenant {
  const route = useRoute();
  const session = useSession();
  const slug = computed(() => String(route.params['tenant'] ?? ''));
  const tenant = computed(() => session.value?.tenants.find(one => one.slug === slug.value));
  return {
    slug,
    name: computed(() => tenant.value?.name ?? slug.value),
    can: permission => tenant.value?.permissions.includes(permission) ?? false,
    to: (name, params = {}, query = {}) => ({ name, params: { tenant: slug.value, ...params }, query }),
  };
}
