import { createTenant } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import type { World } from './world.ts';

/** What a valid call of a platform route sends. */
export interface PlatformSample {
  /** Id for the `:id` of the path. */
  readonly id?: (world: World) => Promise<string>;
  readonly body?: (id: string) => object;
}

/** A tenant of its own; its short name is `w` and the end of its id. */
export async function freshTenant({ platform }: World): Promise<string> {
  const slug = `w${newId().slice(-12)}`;
  const { id } = await createTenant(platform.database, platform.masterKey, { slug, name: `Walk ${slug}` });
  await platform.database.query(`update control.tenant set slug = 'w' || right(id::text, 12) where id = $1`, [
    id,
  ]);
  return id;
}

async function freshPlan({ platform }: World): Promise<string> {
  const id = newId();
  await platform.database.query(`insert into control.plan (id, name) values ($1, 'Walk')`, [id]);
  return id;
}

async function freshSignUp({ platform }: World): Promise<string> {
  const id = newId();
  await platform.database.query(
    `insert into control.sign_up (id, email, token_hash, state, slug, organisation, expires_at)
     values ($1, $2, $3, 'waiting', $4, 'Walk', now() + interval '1 hour')`,
    [id, `${id}@walk.test`, id, `s${id.slice(-12)}`],
  );
  return id;
}

const plan = {
  name: 'Walk',
  limits: { domains: 1, scansPerDay: 1, users: 1, retentionDays: 1 },
};

/** By method and path. A new route of the platform with a body or an id has to be added here. */
export const platformSamples: Readonly<Record<string, PlatformSample>> = {
  'POST /api/platform/tenants': {
    body: () => ({ slug: `n${newId().slice(-12)}`, name: 'New', adminEmail: `${newId()}@walk.test` }),
  },
  'GET /api/platform/tenants/:id': { id: freshTenant },
  'PUT /api/platform/tenants/:id/plan': { id: freshTenant, body: () => ({ planId: null }) },
  'POST /api/platform/tenants/:id/suspend': { id: freshTenant, body: () => ({ reason: 'walk' }) },
  'POST /api/platform/tenants/:id/resume': { id: freshTenant },
  'GET /api/platform/tenants/:id/export': { id: freshTenant },
  'POST /api/platform/tenants/:id/delete': {
    id: freshTenant,
    body: id => ({ slug: `w${id.slice(-12)}` }),
  },
  'POST /api/platform/tenants/:id/keep': {
    id: async world => {
      const id = await freshTenant(world);
      await world.platform.database.query(
        `update control.tenant set state = 'deleting', delete_after = now() + interval '1 day' where id = $1`,
        [id],
      );
      return id;
    },
  },
  'PUT /api/platform/tenants/:id/features/:feature': { id: freshTenant, body: () => ({ isOn: true }) },
  'PUT /api/platform/features/:feature': { body: () => ({ isOn: null }) },
  'POST /api/platform/plans': { body: () => plan },
  'PUT /api/platform/plans/:id': { id: freshPlan, body: () => plan },
  'DELETE /api/platform/plans/:id': { id: freshPlan },
  'POST /api/platform/sign-ups/:id/approve': { id: freshSignUp },
  'DELETE /api/platform/sign-ups/:id': { id: freshSignUp },
};
