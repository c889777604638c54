import { MAX_SCIM_COUNT, scimSchemas } from '@glacis/contract';

/** What this provider of SCIM can do (RFC 7643, 5). */
export function serviceProviderConfig(baseUrl: string) {
  return {
    schemas: [scimSchemas.config],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_SCIM_COUNT },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Service token',
        description: 'A token of the tenant whose only scope is scim.',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

/** The kinds of resources, by name. */
export function resourceTypes(baseUrl: string) {
  return (['User', 'Group'] as const).map(name => ({
    schemas: [scimSchemas.resourceType],
    id: name,
    name,
    endpoint: `/${name}s`,
    description: name === 'User' ? 'A person who may come into the tenant.' : 'A group of people.',
    schema: name === 'User' ? scimSchemas.user : scimSchemas.group,
    schemaExtensions: [],
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }));
}

interface Trait {
  readonly type?: 'string' | 'boolean' | 'complex' | 'reference';
  readonly required?: boolean;
  readonly multiValued?: boolean;
  readonly mutability?: 'readWrite' | 'readOnly' | 'immutable';
  readonly caseExact?: boolean;
  readonly uniqueness?: 'none' | 'server';
  readonly subAttributes?: readonly object[];
}

function attribute(name: string, description: string, of: Trait = {}) {
  return {
    name,
    type: 'string',
    description,
    required: false,
    multiValued: false,
    mutability: 'readWrite',
    returned: 'default',
    caseExact: false,
    uniqueness: 'none',
    ...of,
  };
}

const person = [
  attribute('userName', 'The name by which the provider knows the person.', {
    required: true,
    uniqueness: 'server',
  }),
  attribute('name', 'The parts of the name.', {
    type: 'complex',
    subAttributes: [
      attribute('givenName', 'Given name.'),
      attribute('familyName', 'Family name.'),
      attribute('formatted', 'The whole name.', { mutability: 'readOnly' }),
    ],
  }),
  attribute('displayName', 'The name as it is shown.'),
  attribute('active', 'Whether the person may come into the tenant.', { type: 'boolean' }),
  attribute('emails', 'The address, within a domain that the tenant has proven; one is kept.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The address.'),
      attribute('type', 'Always work.', { mutability: 'readOnly' }),
      attribute('primary', 'Which of several counts.', { type: 'boolean' }),
    ],
  }),
  attribute('groups', 'The groups of the person.', {
    type: 'complex',
    multiValued: true,
    mutability: 'readOnly',
    subAttributes: [
      attribute('value', 'Id of the group.', { mutability: 'readOnly' }),
      attribute('display', 'Name of the group.', { mutability: 'readOnly' }),
    ],
  }),
];

const group = [
  attribute('displayName', 'The name of the group.', { required: true, uniqueness: 'server' }),
  attribute('members', 'The people in it.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'Id of the person.', { mutability: 'immutable' }),
      attribute('display', 'The userName of the person.', { mutability: 'readOnly' }),
    ],
  }),
];

/** The schemas of the resources: exactly what is kept. */
export function schemaResources(baseUrl: string) {
  return [
    { id: scimSchemas.user, name: 'User', description: 'A person.', attributes: person },
    { id: scimSchemas.group, name: 'Group', description: 'A group of people.', attributes: group },
  ].map(of => ({
    schemas: [scimSchemas.schema],
    ...of,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${of.id}` },
  }));
}
