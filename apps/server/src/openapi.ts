import { errorBody, scimError } from '@glacis/contract';
import type { Route } from '@glacis/domain';
import { sha256 } from '@glacis/foundation';
import { z } from 'zod';
import { refusalMeanings, refusalsOf } from './refusals.ts';

/** Schemas of the document by name. */
type Components = Record<string, unknown>;

/** The OpenAPI 3.1 document of the routes; the zod schemas are its only source. */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Components = {};
  schemas['Error'] = jsonSchema(errorBody, 'output', schemas);
  schemas['ScimError'] = jsonSchema(scimError, 'output', schemas);
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Glacis',
      version: '1',
      description:
        'What the web app uses, and what you can use: the whole platform. No text may hold NUL or half a surrogate pair; a method that an address does not have is answered with 405.',
    },
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'glacis_session' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas,
      headers,
      responses: Object.fromEntries(
        Object.entries(refusalMeanings).map(([status, description]) => [
          `Refusal${status}`,
          {
            description,
            headers: {
              ...rateHeaders,
              ...(status === '429' ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}),
            },
            content: {
              'application/json': { schema: { $ref: '#/components/schemas/Error' } },
              'application/scim+json': { schema: { $ref: '#/components/schemas/ScimError' } },
            },
          },
        ]),
      ),
    },
    paths,
  };
}

const headers = {
  RateLimit: {
    description: 'What is left of each limit, and when it is whole again.',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': { description: 'The limits that apply.', schema: { type: 'string' } },
  'Retry-After': {
    description: 'Seconds to wait.',
    required: true,
    schema: { type: 'integer', minimum: 0 },
  },
};
const rateHeaders = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' },
};

/** The media type of what a route takes and answers. */
function typeOf({ dialect }: Route): string {
  return dialect === 'scim' ? 'application/scim+json' : 'application/json';
}

/** Routes of a permission take tokens with its scope; others only where they say so. */
function securityOf(route: Route): readonly Record<string, readonly string[]>[] {
  if (route.isForService === true) return [{ token: [] }];
  const takesTokens = route.access !== 'signed-in' || route.allowsTokens === true;
  return [{ session: [] }, ...(takesTokens ? [{ token: [] }] : [])];
}

function operation(route: Route, schemas: Components): Record<string, unknown> {
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.url.replace(/^\/api/, '').replace(/[/:]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [/tenants\/:tenant\/(\w+)/.exec(route.url)?.[1] ?? 'session'],
    'x-permission': route.access,
    ...(route.access === 'public' ? {} : { security: securityOf(route) }),
    parameters: [...parameters(route.params, 'path', schemas), ...parameters(route.query, 'query', schemas)],
    ...(route.body
      ? {
          requestBody: {
            // Where everything can be left out, the body can.
            required: !route.body.safeParse({}).success,
            content: { [typeOf(route)]: { schema: jsonSchema(route.body, 'input', schemas) } },
          },
        }
      : {}),
    ...(route.upload
      ? { requestBody: { required: true, content: { 'text/csv': { schema: { type: 'string' } } } } }
      : {}),
    responses: {
      [String(route.status ?? (route.answer === 'none' ? 204 : 200))]: success(route, schemas),
      ...Object.fromEntries(
        refusalsOf(route).map(status => [
          String(status),
          { $ref: `#/components/responses/Refusal${status}` },
        ]),
      ),
    },
  };
}

function success(route: Route, schemas: Components): Record<string, unknown> {
  if (route.answer === 'none') return { description: 'Done', headers: rateHeaders };
  if (route.answer === 'file')
    return {
      description: 'The file',
      headers: rateHeaders,
      content: Object.fromEntries(
        (route.fileTypes ?? ['application/octet-stream']).map(type => [
          type,
          { schema: { type: 'string', format: 'binary' } },
        ]),
      ),
    };
  return {
    description: 'OK',
    headers: rateHeaders,
    content: { [typeOf(route)]: { schema: jsonSchema(route.answer, 'output', schemas) } },
  };
}

function parameters(
  schema: z.ZodType | undefined,
  where: 'path' | 'query',
  schemas: Components,
): Record<string, unknown>[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z
    .object({
      properties: z.record(z.string(), z.unknown()).optional(),
      required: z.array(z.string()).optional(),
    })
    .parse(jsonSchema(schema, 'input', schemas));
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: value,
  }));
}

/**
 * The JSON Schema of a zod schema. Parts that refer to themselves come as `$defs`, which nothing outside the schema can
 * resolve: they move to the document's components.
 */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', shared: Components): unknown {
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  const names = Object.entries($defs).map(([name, part]) => {
    const own = `Part${sha256(JSON.stringify(part)).slice(0, 8)}`;
    return [`"#/$defs/${name}"`, `"#/components/schemas/${own}"`, own, part] as const;
  });
  const point = (value: unknown): unknown =>
    JSON.parse(names.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(value)));
  for (const [, , own, part] of names) shared[own] = point(part);
  return point(rest);
}
