import { z } from 'zod';
import { errorBody, tenantPath } from './primitives.ts';

/** Names of the schemas of SCIM 2.0 (RFC 7643, RFC 7644). */
export const scimSchemas = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  config: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/** Most resources in one answer. */
export const MAX_SCIM_COUNT = 200;

/** Path of one resource. Ids are compared as text: one that is no UUID names nothing. */
export const scimThingPath = tenantPath.extend({ id: z.uuid() });
/** Path of a schema or resource type. */
export const scimNamePath = tenantPath.extend({ name: z.string().min(1).max(200) });

const attributeList = z.string().max(2000).optional();
/** Which attributes an answer has. */
export const scimProjection = z.object({ attributes: attributeList, excludedAttributes: attributeList });
export type ScimProjection = z.output<typeof scimProjection>;
const wholeNumber = z
  .string()
  .regex(/^-?[0-9]{1,7}$/, 'Write a whole number.')
  .transform(Number);
/** GET Users and Groups. Values below the least count as the least (RFC 7644, 3.4.2.4). */
export const scimListQuery = scimProjection.extend({
  filter: z.string().max(2000).optional(),
  startIndex: wholeNumber.optional(),
  count: wholeNumber.optional(),
});
export type ScimListQuery = z.output<typeof scimListQuery>;

const text = z.string().max(300);
/** Entra sends booleans as text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false', 'True', 'False'])]);
const schemas = z.array(z.string().max(200)).max(20).optional();

/** POST and PUT Users. Attributes that Glacis does not keep are passed over. */
export const scimUserRequest = z.looseObject({
  schemas,
  userName: z.string().min(1).max(254),
  externalId: text.nullish(),
  name: z
    .looseObject({ givenName: text.nullish(), familyName: text.nullish(), formatted: text.nullish() })
    .nullish(),
  displayName: text.nullish(),
  active: flag.nullish(),
  emails: z
    .array(z.looseObject({ value: z.string().max(254), primary: flag.nullish() }))
    .max(20)
    .nullish(),
});
export type ScimUserRequest = z.output<typeof scimUserRequest>;

const memberReference = z.looseObject({ value: z.string().max(100) });
/** Most members in one request. */
const MAX_MEMBERS = 5000;
/** POST and PUT Groups. */
export const scimGroupRequest = z.looseObject({
  schemas,
  displayName: text.min(1),
  externalId: text.nullish(),
  members: z.array(memberReference).max(MAX_MEMBERS).nullish(),
});
export type ScimGroupRequest = z.output<typeof scimGroupRequest>;

/** PATCH Users and Groups. */
export const scimPatchRequest = z.looseObject({
  schemas,
  Operations: z
    .array(
      z.looseObject({
        op: z.string().max(20),
        path: z.string().max(500).nullish(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(1000),
});
export type ScimPatchOperation = z.output<typeof scimPatchRequest>['Operations'][number];

const meta = z.object({
  resourceType: z.string(),
  created: z.string().optional(),
  lastModified: z.string().optional(),
  location: z.string(),
  version: z.string().optional(),
});
const reference = z.object({ value: z.string(), display: z.string() });

/** A person; parts are left out as `attributes` and `excludedAttributes` say. */
export const scimUser = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  userName: z.string().optional(),
  name: z
    .object({ givenName: z.string().optional(), familyName: z.string().optional(), formatted: z.string() })
    .optional(),
  displayName: z.string().optional(),
  active: z.boolean().optional(),
  emails: z.array(z.object({ value: z.string(), type: z.string(), primary: z.boolean() })).optional(),
  groups: z.array(reference).optional(),
  meta: meta.optional(),
});
export type ScimUser = z.infer<typeof scimUser>;

/** A group. */
export const scimGroup = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  displayName: z.string().optional(),
  members: z.array(reference).optional(),
  meta: meta.optional(),
});
export type ScimGroup = z.infer<typeof scimGroup>;

/** A list of resources. */
export function scimListOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    schemas: z.array(z.string()),
    totalResults: z.number().int(),
    startIndex: z.number().int(),
    itemsPerPage: z.number().int(),
    Resources: z.array(item),
  });
}

/** What a failed request of SCIM answers: the form of SCIM and, in `error`, our own. */
export const scimError = errorBody.extend({
  schemas: z.array(z.string()),
  status: z.string(),
  scimType: z.string().optional(),
  detail: z.string(),
});

/** What is described rather than kept: configuration, resource types, schemas. */
export const scimDescription = z.looseObject({ schemas: z.array(z.string()) });
