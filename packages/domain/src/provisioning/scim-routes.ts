import {
  scimDescription,
  scimGroup,
  scimGroupRequest,
  scimListOf,
  scimListQuery,
  scimNamePath,
  scimPatchRequest,
  scimProjection,
  scimSchemas,
  scimThingPath,
  scimUser,
  scimUserRequest,
  tenantPath,
  type ScimListQuery,
} from '@glacis/contract';
import { notFound, tenantOf } from '../http/caller.ts';
import { route, type Route, type RouteInput } from '../http/route.ts';
import { resourceTypes, schemaResources, serviceProviderConfig } from './discovery.ts';
import { changeGroup, createGroup, listGroups, readGroup, removeGroup, replaceGroup } from './groups.ts';
import {
  changePerson,
  createPerson,
  listPeople,
  pageOfQuery,
  readPerson,
  removePerson,
  replacePerson,
  type ScimPlace,
} from './people.ts';
import { isWanted, project } from './projection.ts';

const url = '/api/tenants/:tenant/scim/v2';
/** What all routes of SCIM have in common: its form of answers, and a token that is for nothing else. */
const shared = { access: 'scim', dialect: 'scim', isForService: true } as const;

/** Where a tenant's identity provider sends people to. */
export function scimBaseUrl(publicUrl: string, slug: string): string {
  return `${publicUrl}${url.replace(':tenant', slug)}`;
}

function placeOf(input: RouteInput<unknown, unknown, unknown>): ScimPlace {
  return {
    database: input.platform.database,
    tenant: tenantOf(input),
    baseUrl: scimBaseUrl(input.platform.publicUrl, input.tenant?.slug ?? ''),
  };
}

function listAnswer<Item extends object>(
  query: ScimListQuery,
  { total, items }: { total: number; items: readonly Item[] },
) {
  return {
    schemas: [scimSchemas.list],
    totalResults: total,
    startIndex: pageOfQuery(query).start,
    itemsPerPage: items.length,
    Resources: items.map(item => project(item, query)),
  };
}

/** What describes a part of SCIM. */
type Described = { readonly id: string; readonly schemas: string[] };
type Describe = (baseUrl: string) => readonly Described[];

/** Routes that describe what there is. */
const discoveryRoutes: readonly Route[] = [
  route({
    ...shared,
    method: 'GET',
    url: `${url}/ServiceProviderConfig`,
    summary: 'Says what this provider of SCIM 2.0 can do. Bulk operations and sorting are not among it.',
    params: tenantPath,
    answer: scimDescription,
    handle: async input => serviceProviderConfig(placeOf(input).baseUrl),
  }),
  ...(
    [
      ['ResourceTypes', 'kind of resource', resourceTypes],
      ['Schemas', 'schema', schemaResources],
    ] as const satisfies readonly (readonly [string, string, Describe])[]
  ).flatMap(([name, what, all]) => [
    route({
      ...shared,
      method: 'GET',
      url: `${url}/${name}`,
      summary: `Lists every ${what} of SCIM.`,
      params: tenantPath,
      answer: scimListOf(scimDescription),
      handle: async input => {
        const items: readonly Described[] = all(placeOf(input).baseUrl);
        return listAnswer({}, { total: items.length, items });
      },
    }),
    route({
      ...shared,
      method: 'GET',
      url: `${url}/${name}/:name`,
      summary: `Shows one ${what} of SCIM.`,
      params: scimNamePath,
      answer: scimDescription,
      handle: async input => {
        const described: readonly Described[] = all(placeOf(input).baseUrl);
        const found = described.find(entry => entry.id === input.params.name);
        if (!found) throw notFound(what);
        return found;
      },
    }),
  ]),
];

/** Routes of people. */
const peopleRoutes: readonly Route[] = [
  route({
    ...shared,
    method: 'GET',
    url: `${url}/Users`,
    summary: 'Lists the people that the identity provider has sent.',
    params: tenantPath,
    query: scimListQuery,
    answer: scimListOf(scimUser),
    handle: async input => listAnswer(input.query, await listPeople(placeOf(input), input.query)),
  }),
  route({
    ...shared,
    method: 'POST',
    url: `${url}/Users`,
    summary: 'Takes a person in: who is active becomes a member, by an address of a proven domain.',
    params: tenantPath,
    body: scimUserRequest,
    answer: scimUser,
    status: 201,
    handle: async input => {
      input.note({ detail: { userName: input.body.userName } });
      return createPerson(placeOf(input), input.body);
    },
  }),
  route({
    ...shared,
    method: 'GET',
    url: `${url}/Users/:id`,
    summary: 'Shows a person.',
    params: scimThingPath,
    query: scimProjection,
    answer: scimUser,
    handle: async input => project(await readPerson(placeOf(input), input.params.id), input.query),
  }),
  route({
    ...shared,
    method: 'PUT',
    url: `${url}/Users/:id`,
    summary: 'Replaces a person. Who is not active any more is out at once.',
    params: scimThingPath,
    body: scimUserRequest,
    answer: scimUser,
    handle: async input => {
      const { id } = input.params;
      const after = await replacePerson(placeOf(input), { id, request: input.body, ifMatch: input.ifMatch });
      input.note({ detail: { userName: after.userName ?? '', isActive: after.active === true } });
      return after;
    },
  }),
  route({
    ...shared,
    method: 'PATCH',
    url: `${url}/Users/:id`,
    summary: 'Changes a person. Who is not active any more is out at once.',
    params: scimThingPath,
    body: scimPatchRequest,
    answer: scimUser,
    handle: async input => {
      const { id } = input.params;
      const operations = input.body.Operations;
      const after = await changePerson(placeOf(input), { id, operations, ifMatch: input.ifMatch });
      input.note({ detail: { userName: after.userName ?? '', isActive: after.active === true } });
      return after;
    },
  }),
  route({
    ...shared,
    method: 'DELETE',
    url: `${url}/Users/:id`,
    summary: 'Takes a person out of the tenant at once and forgets the entry.',
    params: scimThingPath,
    answer: 'none',
    handle: input => removePerson(placeOf(input), { id: input.params.id, ifMatch: input.ifMatch }),
  }),
];

/** Routes of groups. */
const groupRoutes: readonly Route[] = [
  route({
    ...shared,
    method: 'GET',
    url: `${url}/Groups`,
    summary: 'Lists the groups that the identity provider has sent.',
    params: tenantPath,
    query: scimListQuery,
    answer: scimListOf(scimGroup),
    handle: async input =>
      listAnswer(
        input.query,
        await listGroups(placeOf(input), input.query, isWanted('members', input.query)),
      ),
  }),
  route({
    ...shared,
    method: 'POST',
    url: `${url}/Groups`,
    summary: 'Takes a group in. It gives nothing until an admin of the tenant maps it.',
    params: tenantPath,
    body: scimGroupRequest,
    answer: scimGroup,
    status: 201,
    handle: async input => {
      input.note({ detail: { group: input.body.displayName } });
      return createGroup(placeOf(input), input.body);
    },
  }),
  route({
    ...shared,
    method: 'GET',
    url: `${url}/Groups/:id`,
    summary: 'Shows a group.',
    params: scimThingPath,
    query: scimProjection,
    answer: scimGroup,
    handle: async input => {
      const isWithMembers = isWanted('members', input.query);
      return project(await readGroup(placeOf(input), input.params.id, isWithMembers), input.query);
    },
  }),
  route({
    ...shared,
    method: 'PUT',
    url: `${url}/Groups/:id`,
    summary: 'Replaces a group and its members.',
    params: scimThingPath,
    body: scimGroupRequest,
    answer: scimGroup,
    handle: input =>
      replaceGroup(placeOf(input), {
        id: input.params.id,
        request: input.body,
        ifMatch: input.ifMatch,
      }),
  }),
  route({
    ...shared,
    method: 'PATCH',
    url: `${url}/Groups/:id`,
    summary: 'Changes a group: its name, or who is in it.',
    params: scimThingPath,
    body: scimPatchRequest,
    answer: scimGroup,
    handle: input =>
      changeGroup(placeOf(input), {
        id: input.params.id,
        operations: input.body.Operations,
        ifMatch: input.ifMatch,
      }),
  }),
  route({
    ...shared,
    method: 'DELETE',
    url: `${url}/Groups/:id`,
    summary: 'Removes a group, and takes back what it gave.',
    params: scimThingPath,
    answer: 'none',
    handle: input => removeGroup(placeOf(input), { id: input.params.id, ifMatch: input.ifMatch }),
  }),
];

/** Routes of SCIM 2.0, by which an identity provider keeps the people of a tenant. */
export const scimRoutes: readonly Route[] = [...discoveryRoutes, ...peopleRoutes, ...groupRoutes];
