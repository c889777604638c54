import { routes, type Platform } from '@glacis/domain';
import type { FastifyInstance } from 'fastify';
import { addDocs } from './docs.ts';
import { createHttpServer } from './http.ts';
import { addLiveFeed } from './live.ts';
import { addSamlAnswers } from './saml.ts';
import { addWebApp } from './static.ts';
import { addWebhooks } from './webhooks.ts';

/** The whole server as a process runs it: API, health, live feed, documentation and the web app in `webFolder`. */
export function composeServer(platform: Platform, webFolder: string): FastifyInstance {
  const server = createHttpServer(platform);
  server.get('/api/health', { config: { declared: { access: 'public' } } }, async () => {
    await platform.database.query('select 1');
    return { status: 'ok' };
  });
  addLiveFeed(server, platform);
  addWebhooks(server, platform);
  addDocs(server, routes);
  addSamlAnswers(server, webFolder);
  addWebApp(server, webFolder);
  return server;
}
