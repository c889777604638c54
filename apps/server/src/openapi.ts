import { errorBody } from '@glacis/contract';
import type { Route } from '@glacis/domain';
import { z } from 'zod';

/** The OpenAPI 3.1 document of the routes; the zod schemas are its only source. */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
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
      schemas: { Error: jsonSchema(errorBody, 'output') },
    },
    paths,
  };
}

function operation(route: Route): Record<string, unknown> {
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
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(route.body, 'input') } },
          },
        }
      : {}),
    responses: {
      [String(route.status ?? (route.answer === 'none' ? 204 : 200))]: success(route),
      default: error,
    },
  };
}

function success(route: Route): Record<string, unknown> {
  if (route.answer === 'none') return { description: 'Done' };
  if (route.answer === 'file')
    return { description: 'The file', content: { 'application/octet-stream': {} } };
  return {
    description: 'OK',
    content: { 'application/json': { schema: jsonSchema(route.answer, 'output') } },
  };
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query'): Record<string, unknown>[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z
    .object({
      properties: z.record(z.string(), z.unknown()).optional(),
      required: z.array(z.string()).optional(),
    })
    .parse(jsonSchema(schema, 'input'));
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: value,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return rest;
}
