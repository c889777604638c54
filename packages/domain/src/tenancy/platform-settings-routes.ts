import {
  featurePath,
  featureSwitch,
  planRequest,
  platformHealth,
  platformPath,
  platformPlan,
  setFeatureRequest,
  tenantFeaturePath,
  waitingSignUp,
} from '@glacis/contract';
import { z } from 'zod';
import { approveSignUp, listWaitingSignUps, refuseSignUp } from '../billing/approval.ts';
import { deletePlan, listPlatformPlans, savePlan } from '../billing/plan-catalogue.ts';
import { route, type Route } from '../http/route.ts';
import { listSwitches, setSwitch } from './features.ts';
import { readHealth } from './health.ts';

const url = '/api/platform';
const access = 'platform.manage';

/** Routes of the platform's plans, sign-ups, switches and health. */
export const platformSettingsRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: `${url}/health`,
    access,
    summary: 'Workers, queues, size of the database, mails.',
    answer: platformHealth,
    handle: input => readHealth(input.platform),
  }),
  route({
    method: 'GET',
    url: `${url}/plans`,
    access,
    summary: 'Lists the plans and how many tenants are on each.',
    answer: z.object({ items: z.array(platformPlan) }),
    handle: async input => ({ items: await listPlatformPlans(input.platform) }),
  }),
  route({
    method: 'POST',
    url: `${url}/plans`,
    access,
    summary: 'Adds a plan.',
    body: planRequest,
    answer: platformPlan,
    status: 201,
    handle: input => savePlan(input.platform, input.body),
  }),
  route({
    method: 'PUT',
    url: `${url}/plans/:id`,
    access,
    summary: 'Changes a plan; its tenants have the new limits at once.',
    params: platformPath,
    body: planRequest,
    answer: platformPlan,
    handle: input => savePlan(input.platform, input.body, input.params.id),
  }),
  route({
    method: 'DELETE',
    url: `${url}/plans/:id`,
    access,
    summary: 'Removes a plan that nobody is on.',
    params: platformPath,
    answer: 'none',
    handle: input => deletePlan(input.platform, input.params.id),
  }),
  route({
    method: 'GET',
    url: `${url}/sign-ups`,
    access,
    summary: 'Lists sign-ups that wait for approval.',
    answer: z.object({ items: z.array(waitingSignUp) }),
    handle: async input => ({ items: await listWaitingSignUps(input.platform) }),
  }),
  route({
    method: 'POST',
    url: `${url}/sign-ups/:id/approve`,
    access,
    summary: 'Makes the tenant of a sign-up that waits.',
    params: platformPath,
    answer: z.object({ id: z.uuid(), slug: z.string() }),
    handle: input => approveSignUp(input.platform, input.params.id),
  }),
  route({
    method: 'DELETE',
    url: `${url}/sign-ups/:id`,
    access,
    summary: 'Turns a sign-up that waits down.',
    params: platformPath,
    answer: 'none',
    handle: input => refuseSignUp(input.platform, input.params.id),
  }),
  route({
    method: 'GET',
    url: `${url}/features`,
    access,
    summary: 'Lists the switches of the platform.',
    answer: z.object({ items: z.array(featureSwitch) }),
    handle: async input => ({ items: await listSwitches(input.platform) }),
  }),
  route({
    method: 'PUT',
    url: `${url}/features/:feature`,
    access,
    summary: 'Sets a switch for all of the platform; null goes back to the default.',
    params: featurePath,
    body: setFeatureRequest,
    answer: 'none',
    handle: input => setSwitch(input.platform, { feature: input.params.feature, isOn: input.body.isOn }),
  }),
  route({
    method: 'PUT',
    url: `${url}/tenants/:id/features/:feature`,
    access,
    summary: 'Sets a switch for one tenant; null goes back to what holds for all.',
    params: tenantFeaturePath,
    body: setFeatureRequest,
    answer: 'none',
    handle: input =>
      setSwitch(input.platform, {
        feature: input.params.feature,
        tenant: input.params.id,
        isOn: input.body.isOn,
      }),
  }),
];
