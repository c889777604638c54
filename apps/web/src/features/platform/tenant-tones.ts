import type { TenantSummary } from '@glacis/contract';
import type { StateTone } from '../../components/state-mark.vue';

/** How the state of a tenant is marked. */
export const tenantTones: Readonly<Record<TenantSummary['state'], StateTone>> = {
  active: 'good',
  suspended: 'open',
  deleting: 'bad',
  shredding: 'bad',
};
