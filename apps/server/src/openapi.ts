import { errorBody } from '@glacis/contract';
import type { Route } from '@glacis/domain';
import { sha256 } from '@glacis/foundation';
import { z } from 'zod';

/** Schemas of the document by name. */
type Components = Record<string, unknown>;

/** The OpenAPI 3.1 document of the routes; the zod schemas are its only source. */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Components = {};
  schemas['Error'] = jsonSchema(errorBody, 'output', schemas);
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Glacis',
      version: '1',
      description: 'What the web app uses, and what you can use: the whole platform.',
    },
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'glacis_session' } },
      schemas,
    },
    paths,
  };
}

function operation(route: Route, schemas: Components): Record<string, unknown> {
  const error = {
    description: 'Error',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.url.replace(/^\/api/, '').replace(/[/:]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [/tenants\/:tenant\/(\w+)/.exec(route.url)?.[1] ?? 'session'],
    'x-permission': route.access,
    ...(route.access === 'public' ? {} : { security: [{ session: [] }] }),
    parameters: [...parameters(route.params, 'path', schemas), ...parameters(route.query, 'query', schemas)],
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(route.body, 'input', schemas) } },
          },
        }
      : {}),
    ...(route.upload
      ? { requestBody: { required: true, content: { 'text/csv': { schema: { type: 'string' } } } } }
      : {}),
    responses: {
      [String(route.status ?? (route.answer === 'none' ? 204 : 200))]: success(route, schemas),
      default: error,
    },
  };
}

function success(route: Route, schemas: Components): Record<string, unknown> {
  if (route.answer === 'none') return { description: 'Done' };
  if (route.answer === 'file')
    return {
      description: 'The file',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    };
  return {
    description: 'OK',
    content: { 'application/json': { schema: jsonSchema(route.answer, 'output', schemas) } },
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
