import { signInPolicy, tenantPath } from '@glacis/contract';
import { tenantOf } from '../../http/caller.ts';
import { route, type Route } from '../../http/route.ts';
import { readPolicy, setPolicy } from './service.ts';

const url = '/api/tenants/:tenant/sign-in-policy';

/** Routes of what a tenant asks of everybody who enters it. */
export const policyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'tenant.manage',
    summary: 'What the tenant asks of everybody who enters it.',
    params: tenantPath,
    answer: signInPolicy,
    handle: input => readPolicy(input.platform.database, tenantOf(input)),
  }),
  route({
    method: 'PUT',
    url,
    access: 'tenant.manage',
    isDangerous: true,
    summary:
      'Sets what the tenant asks for. Sessions that do not satisfy it are out of this tenant at their next request.',
    params: tenantPath,
    body: signInPolicy,
    answer: signInPolicy,
    handle: async input => {
      const tenant = tenantOf(input);
      await setPolicy(input.platform.database, { tenant, policy: input.body, caller: input.caller });
      const { requiresSecondFactor, allowedMethods, sessionHours } = input.body;
      input.note({
        detail: {
          requiresSecondFactor,
          allowedMethods: allowedMethods?.join(' ') ?? 'all',
          sessionHours: sessionHours ?? 'any',
        },
      });
      return input.body;
    },
  }),
];
