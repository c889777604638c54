import assert from 'node:assert/strict';
import { createTokenRequest, type Role } from '@glacis/contract';
import { createToken } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import { freshPerson, freshProvidedGroup } from './provisioning.ts';
import { signInSamples } from './sign-in-samples.ts';
import { MAILED_CODE, type Surface, type World } from './world.ts';

let world: World;

/** Says which world the samples are made in. */
export function sampleIn(of: World): void {
  world = of;
}

/** How the walk calls a route. */
export interface Sample {
  /** Id for the `:id` of the path, for a caller; left out: the surface's own thing. */
  readonly id?: (of: Surface, as: string) => Promise<string>;
  readonly body?: (of: Surface, as: string) => Promise<object>;
  /** Error that who is allowed gets in this world, where the call needs something it has not. */
  readonly refusal?: string;
  /** Somebody of their own who calls, where the call changes who calls. */
  readonly caller?: (of: Surface, role: Role) => Promise<string>;
}

const PASSWORD = 'a long enough password';

/** A member who leads the surface's project. */
async function walkLead(of: Surface, role: Role): Promise<string> {
  const userId = await world.freshMember(of, role);
  await world.platform.database.inTenant(of.tenant, tx =>
    tx.sql
      .insertInto('project_member')
      .values({ project_id: of.ids.projects, user_id: userId, level: 'lead' })
      .execute(),
  );
  return userId;
}

/** What a valid call sends. A new route with a body, or one that changes what others need, has to be added here. */
export const samples: Readonly<Record<string, Sample>> = {
  'POST /api/session': { body: async () => ({ link: 'x'.repeat(43) }) },
  'PUT /api/session/password': { body: async () => ({ current: PASSWORD, password: PASSWORD }) },
  'POST /api/session/reauthentication': {
    body: async (_, as) => {
      await givePassword(as);
      return { password: PASSWORD };
    },
  },
  ...signInSamples(() => world),
  'DELETE /api/sessions/:id': { id: async (of, as) => newSessionOf(as || of.users.admin) },
  'POST /api/tokens': { body: async () => ({ name: 'walk', scopes: ['asset.read'] }) },
  'DELETE /api/tokens/:id': { id: async (of, as) => newTokenOf(as || of.users.admin) },
  'POST /api/tenants/:tenant/tokens': { body: async () => ({ name: 'walk', scopes: ['token.manage'] }) },
  'DELETE /api/tenants/:tenant/tokens/:id': {
    id: async of => {
      const { database } = world.platform;
      const request = createTokenRequest.parse({ name: 'walk', scopes: ['asset.read'] });
      return (await createToken(database, { tenant: of.tenant }, request, null)).id;
    },
  },
  'POST /api/access-tokens': { body: async () => ({}) },
  'POST /api/access-tokens/refresh': { body: async () => ({ refreshToken: 'x'.repeat(43) }) },
  'POST /api/access-tokens/revoke': { body: async () => ({ refreshToken: 'x'.repeat(43) }) },
  'POST /api/invitations/look': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/invitations/accept': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/password-reset': { body: async () => ({ email: 'nobody@walk.test' }) },
  'POST /api/password-reset/complete': {
    body: async () => ({ token: 'x'.repeat(43), password: 'a long enough password' }),
  },
  'POST /api/session/email': {
    body: async (_, as) => {
      await givePassword(as);
      return { email: `${newId()}@walk.test`, password: PASSWORD };
    },
  },
  'POST /api/email-change/confirm': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/sign-up': { body: async () => ({ email: 'nobody@walk.test' }) },
  'POST /api/sign-up/look': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/sign-up/complete': {
    body: async () => ({
      token: 'x'.repeat(43),
      organisation: 'Walk',
      slug: 'walkers',
      planId: newId(),
    }),
  },
  'POST /api/sign-up/enter': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/tenants/:tenant/plan/checkout': {
    body: async () => ({ planId: newId() }),
    refusal: 'payment.by-hand',
  },
  'POST /api/tenants/:tenant/plan/portal': { refusal: 'payment.by-hand' },
  'POST /api/tenants/:tenant/support': { body: async () => ({ role: 'observer', hours: 1 }) },
  'DELETE /api/tenants/:tenant/support/:id': { id: of => world.freshSupport(of) },
  'PATCH /api/tenants/:tenant/members/:id': {
    id: of => world.freshMember(of),
    body: async () => ({ role: 'operator' }),
  },
  'DELETE /api/tenants/:tenant/members/:id': { id: of => world.freshMember(of) },
  'POST /api/tenants/:tenant/leave': { caller: (of, role) => world.freshMember(of, role) },
  'POST /api/tenants/:tenant/invitations': {
    body: async of => ({ email: `${newId()}@${of.slug}.test`, role: 'observer' }),
  },
  'POST /api/tenants/:tenant/invitations/:id/renew': { id: of => world.freshInvitation(of) },
  'DELETE /api/tenants/:tenant/invitations/:id': { id: of => world.freshInvitation(of) },
  'PUT /api/tenants/:tenant/provisioning/groups/:id': {
    id: of => freshProvidedGroup(world, of),
    body: async () => ({ role: 'operator', project: null }),
  },
  ...scimSamples(),
  'POST /api/tenants/:tenant/targets': { body: async of => ({ domain: `${newId()}.${of.domain}` }) },
  'DELETE /api/tenants/:tenant/targets/:id': { id: of => world.freshTarget(of) },
  'PATCH /api/tenants/:tenant/targets/:id': { body: async () => ({ note: 'walked' }) },
  'POST /api/tenants/:tenant/organisations': { body: async () => ({ name: `Organisation ${newId()}` }) },
  'PATCH /api/tenants/:tenant/organisations/:id': { body: async () => ({ name: `Organisation ${newId()}` }) },
  'DELETE /api/tenants/:tenant/organisations/:id': {
    id: async of => (await world.freshGroup(of)).organisationId,
  },
  'POST /api/tenants/:tenant/organisations/:id/groups': { body: async () => ({ name: `Group ${newId()}` }) },
  'DELETE /api/tenants/:tenant/groups/:id': { id: async of => (await world.freshGroup(of)).id },
  'POST /api/tenants/:tenant/projects': { body: async () => ({ name: `Project ${newId()}` }) },
  'PATCH /api/tenants/:tenant/projects/:id': {
    caller: walkLead,
    body: async () => ({ note: 'walked' }),
  },
  'DELETE /api/tenants/:tenant/projects/:id': { id: of => world.freshProject(of) },
  'PUT /api/tenants/:tenant/projects/:id/members': {
    caller: walkLead,
    body: async (_, as) => ({ members: as ? [{ userId: as, level: 'lead' }] : [] }),
  },
  'POST /api/tenants/:tenant/projects/:id/targets': {
    caller: walkLead,
    body: async of => ({ add: [of.ids.targets] }),
  },
  'PUT /api/tenants/:tenant/members/:id/scope': {
    id: of => world.freshMember(of),
    body: async () => ({ scope: 'projects' }),
  },
  'POST /api/tenants/:tenant/targets/:id/verify': { body: async () => ({ method: 'dns' }) },
  'DELETE /api/tenants/:tenant/targets/:id/proof': { id: of => world.freshTarget(of) },
  'POST /api/tenants/:tenant/targets/:id/mail-proof': {
    id: of => world.freshTarget(of),
    body: async () => ({ mailbox: 'postmaster' }),
  },
  'POST /api/tenants/:tenant/targets/:id/mail-proof/confirm': {
    id: of => world.mailedTarget(of),
    body: async () => ({ code: MAILED_CODE }),
  },
  'POST /api/tenants/:tenant/scans': {
    body: async of => ({ targetId: await world.freshTarget(of) }),
  },
  'POST /api/tenants/:tenant/scans/:id/cancel': { id: of => world.runningScan(of) },
  'PATCH /api/tenants/:tenant/findings/:id': { body: async () => ({ state: 'confirmed' }) },
  'POST /api/tenants/:tenant/reports': { body: async of => ({ scanId: of.ids.scans }) },
};

/** Samples of SCIM, by a token that is for nothing else; whoever else comes is refused. */
function scimSamples(): Readonly<Record<string, Sample>> {
  const url = '/api/tenants/:tenant/scim/v2';
  const refusal = 'auth.forbidden';
  const patch = { Operations: [{ op: 'replace', path: 'displayName', value: 'Walked' }] };
  const of = (name: string, id: (of: Surface) => Promise<string>, body: (of: Surface) => object) => ({
    [`GET ${url}/${name}`]: { refusal },
    [`POST ${url}/${name}`]: { refusal, body: async (surface: Surface) => body(surface) },
    [`GET ${url}/${name}/:id`]: { refusal, id },
    [`PUT ${url}/${name}/:id`]: { refusal, id, body: async (surface: Surface) => body(surface) },
    [`PATCH ${url}/${name}/:id`]: { refusal, id, body: async () => patch },
    [`DELETE ${url}/${name}/:id`]: { refusal, id },
  });
  return {
    ...Object.fromEntries(
      ['ServiceProviderConfig', 'ResourceTypes', 'ResourceTypes/:name', 'Schemas', 'Schemas/:name'].map(
        name => [`GET ${url}/${name}`, { refusal }],
      ),
    ),
    ...of(
      'Users',
      surface => freshPerson(world, surface),
      surface => ({ userName: `${newId()}@${surface.domain}` }),
    ),
    ...of(
      'Groups',
      surface => freshProvidedGroup(world, surface),
      () => ({ displayName: `Group ${newId()}` }),
    ),
  };
}

/** Gives a person the password of the walk, unless they have it. */
async function givePassword(userId: string): Promise<void> {
  if (userId === '') return;
  const headers = { cookie: await world.signIn(userId) };
  const { user } = (await world.server.inject({ url: '/api/session', headers })).json();
  if (user.hasPassword) return;
  const payload = { password: PASSWORD };
  const set = await world.server.inject({ method: 'PUT', url: '/api/session/password', headers, payload });
  assert.equal(set.statusCode, 204);
}

/** Id of a fresh token of a person. */
async function newTokenOf(userId: string): Promise<string> {
  const { database } = world.platform;
  const request = createTokenRequest.parse({ name: 'walk', scopes: ['asset.read'] });
  return (await createToken(database, { userId, tenant: undefined }, request, userId)).id;
}

/** Id of a fresh session of a person. */
async function newSessionOf(userId: string): Promise<string> {
  const headers = { cookie: await world.signIn(userId) };
  const { items } = (await world.server.inject({ url: '/api/sessions', headers })).json();
  return items.find((entry: { isCurrent: boolean }) => entry.isCurrent).id;
}
