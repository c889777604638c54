import { createTokenRequest } from '@glacis/contract';
import { sql } from '@glacis/db';
import { createToken } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import type { Surface, World } from './world.ts';

/** Where a surface's provider sends people to. */
export const scimUrl = (of: Surface, path: string): string => `/api/tenants/${of.slug}/scim/v2${path}`;

/** Whether a route is one of SCIM, which takes only tokens that are for nothing else. */
export const isScim = (url: string): boolean => url.includes('/scim/v2/');

const provisioners = new Map<string, Promise<string>>();

/** A token of a tenant for SCIM, and its domain proven. */
export function provisionerOf(world: World, of: Surface): Promise<string> {
  const made = provisioners.get(of.tenant) ?? makeProvisioner(world, of);
  provisioners.set(of.tenant, made);
  return made;
}

async function makeProvisioner(world: World, of: Surface): Promise<string> {
  const { database } = world.platform;
  await sql`insert into control.domain_claim (tenant_id, target_id, domain, method, proven_at, check_due_at)
    values (${of.tenant}, ${of.ids.targets}, ${of.domain}, 'dns', now(), now() + interval '1 day')
    on conflict do nothing`.execute(database.control);
  const request = createTokenRequest.parse({ name: 'Provisioning', scopes: ['scim'] });
  return (await createToken(database, { tenant: of.tenant }, request, null)).secret;
}

/** Id of a person of their own whom the provider has sent, and who may not come in. */
export async function freshPerson({ platform }: World, of: Surface): Promise<string> {
  const id = newId();
  await sql`insert into control.scim_user (id, tenant_id, user_name, email, is_active)
    values (${id}, ${of.tenant}, ${`${id}@${of.domain}`}, ${`${id}@${of.domain}`}, false)`.execute(
    platform.database.control,
  );
  return id;
}

/** Id of a group of its own that the provider has sent. */
export async function freshProvidedGroup({ platform }: World, of: Surface): Promise<string> {
  const id = newId();
  await sql`insert into control.scim_group (id, tenant_id, display_name)
    values (${id}, ${of.tenant}, ${`Group ${id}`})`.execute(platform.database.control);
  return id;
}
