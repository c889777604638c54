import type { Route } from '@glacis/domain';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi.ts';
import { docsPage } from './docs-page.ts';

/** Adds the OpenAPI document and a page to browse it; both are public, since they hold no data. */
export function addDocs(server: FastifyInstance, routes: readonly Route[]): void {
  const config = { declared: { access: 'public' as const } };
  const document = openApiDocument(routes);
  const page = docsPage(routes);
  server.get('/api/openapi.json', { config }, () => document);
  server.get('/api/docs', { config }, (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
}
