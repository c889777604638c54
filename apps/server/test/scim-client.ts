import assert from 'node:assert/strict';
import { scimError } from '@glacis/contract';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { provisionerOf, scimUrl } from './provisioning.ts';
import type { Surface, World } from './world.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A membership as the database has it. */
interface Member {
  user_id: string;
  role: string;
  scope: string;
}

/** The body of a person. */
export const person = (userName: string, more: object = {}) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName,
  active: true,
  ...more,
});

/** The body of a PATCH. */
export const patch = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});

/** What a provider, and an admin of alpha, do to provision people. */
export async function openScim(world: World) {
  const bearer = await provisionerOf(world, world.alpha);

  /** Calls SCIM the way providers do: with their media type. */
  async function scim(
    method: Method,
    path: string,
    payload?: unknown,
    of: { tenant?: Surface; token?: string; headers?: Record<string, string> } = {},
  ) {
    const response = await world.server.inject({
      method,
      url: scimUrl(of.tenant ?? world.alpha, path),
      headers: {
        authorization: `Bearer ${of.token ?? bearer}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...of.headers,
      },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    });
    if (response.statusCode >= 400) scimError.parse(response.json());
    return response;
  }

  const address = (of: Surface = world.alpha) => `${newId()}@${of.domain}`;

  async function created(body: object = person(address())): Promise<{ id: string; userName: string }> {
    const response = await scim('POST', '/Users', body);
    assert.equal(response.statusCode, 201, response.body);
    return response.json();
  }

  async function group(name: string, members: readonly string[] = []): Promise<string> {
    const response = await scim('POST', '/Groups', {
      displayName: `${name} ${newId()}`,
      members: members.map(value => ({ value })),
    });
    assert.equal(response.statusCode, 201, response.body);
    return response.json().id;
  }

  async function map(id: string, body: object) {
    return world.server.inject({
      method: 'PUT',
      url: `/api/tenants/alpha/provisioning/groups/${id}`,
      headers: { cookie: await world.signIn(world.alpha.users.admin) },
      payload: body,
    });
  }

  async function memberOf(email: string, of: Surface = world.alpha): Promise<Member | undefined> {
    const { rows } = await sql<Member>`select m.user_id, m.role, m.scope from control.membership m
    join control.user_account u on u.id = m.user_id
    where m.tenant_id = ${of.tenant} and u.email = ${email}`.execute(world.platform.database.control);
    return rows[0];
  }

  async function levelOf(userId: string): Promise<string | undefined> {
    const row = await world.platform.database.inTenant(world.alpha.tenant, tx =>
      tx.sql
        .selectFrom('project_member')
        .select('level')
        .where('project_id', '=', world.alpha.ids.projects)
        .where('user_id', '=', userId)
        .executeTakeFirst(),
    );
    return row?.level;
  }

  return { scim, address, created, group, map, memberOf, levelOf };
}
