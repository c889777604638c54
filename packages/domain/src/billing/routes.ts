import {
  checkoutAnswer,
  checkoutRequest,
  completeSignUpRequest,
  enteredTenant,
  planUse,
  platformInfo,
  portalAnswer,
  signUpLink,
  signUpState,
  signUpStep,
  startSignUpRequest,
  tenantPath,
} from '@glacis/contract';
import { callerOf, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { listPlans, viewPlan } from './plans.ts';
import { completeSignUp, enterSignUp, hasSignUp, lookAtSignUp, startSignUp } from './sign-up.ts';
import { changePlan, openPortal, readPlanUse } from './tenant-plan.ts';

const plan = '/api/tenants/:tenant/plan';

/** Routes of signing up and of plans. The webhook of the payment provider needs raw bytes and is the server's. */
export const billingRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/info',
    access: 'public',
    summary: 'What this platform offers to who is not signed in.',
    answer: platformInfo,
    handle: async input => {
      const isOpen = await hasSignUp(input.platform);
      return {
        hasSignUp: isOpen,
        hasMail: input.platform.smtp !== undefined,
        plans: isOpen ? (await listPlans(input.platform.database, { isPublic: true })).map(viewPlan) : [],
      };
    },
  }),
  route({
    method: 'POST',
    url: '/api/sign-up',
    access: 'public',
    summary: 'Begins a sign-up: sends a link to the address.',
    body: startSignUpRequest,
    answer: 'none',
    handle: input => startSignUp(input.platform, { ...input.body, address: input.address }),
  }),
  route({
    method: 'POST',
    url: '/api/sign-up/look',
    access: 'public',
    summary: 'Shows how far a sign-up is, and the plans to choose from.',
    body: signUpLink,
    answer: signUpState,
    handle: input => lookAtSignUp(input.platform, input.body.token),
  }),
  route({
    method: 'POST',
    url: '/api/sign-up/complete',
    access: 'public',
    summary: 'Chooses plan, name and first domain. A free plan makes the tenant now, others are paid first.',
    body: completeSignUpRequest,
    answer: signUpStep,
    handle: input => completeSignUp(input.platform, input.body),
  }),
  route({
    method: 'POST',
    url: '/api/sign-up/enter',
    access: 'public',
    summary: 'Ends a sign-up whose tenant is there, and signs in the account that was made with it.',
    body: signUpLink,
    answer: enteredTenant,
    handle: async input => {
      const { slug, sessionSecret } = await enterSignUp(input.platform, input.body.token, input);
      if (sessionSecret !== undefined) input.setSession(sessionSecret);
      return { slug, isSignedIn: sessionSecret !== undefined };
    },
  }),
  route({
    method: 'GET',
    url: plan,
    access: 'tenant.manage',
    summary: 'Shows the plan, what of it is used, and what it can be changed to.',
    params: tenantPath,
    answer: planUse,
    handle: input => readPlanUse(input.platform, tenantOf(input)),
  }),
  route({
    method: 'POST',
    url: `${plan}/checkout`,
    access: 'tenant.manage',
    summary: 'Changes the plan: a free one at once, one that costs through the payment provider.',
    params: tenantPath,
    body: checkoutRequest,
    answer: checkoutAnswer,
    handle: input =>
      changePlan(input.platform, {
        tenant: tenantOf(input),
        slug: input.params.tenant,
        planId: input.body.planId,
        by: callerOf(input),
      }),
  }),
  route({
    method: 'POST',
    url: `${plan}/portal`,
    access: 'tenant.manage',
    summary: 'Gives the address where the payment provider shows payments and ends the subscription.',
    params: tenantPath,
    answer: portalAnswer,
    handle: input => openPortal(input.platform, { tenant: tenantOf(input), slug: input.params.tenant }),
  }),
];
