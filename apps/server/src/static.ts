import { createReadStream, existsSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import type { FastifyInstance } from 'fastify';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Serves the built web app. Paths that are no files get its page, since the app routes by itself. */
export function addWebApp(server: FastifyInstance, folder: string): void {
  server.get('/*', { config: { declared: { access: 'public' } } }, (request, reply) => {
    // The app has no page below /api: what is not there must not look like an answer.
    if (/^\/api(\/|$)/.test(request.url.split('?')[0] ?? '')) return reply.callNotFound();
    const path = normalize(decodeURIComponent(request.url.split('?')[0] ?? '/'));
    const file = join(folder, path);
    const isFile = file.startsWith(folder) && existsSync(file) && statSync(file).isFile();
    const served = isFile ? file : join(folder, 'index.html');
    if (!isFile && (extname(path) !== '' || !existsSync(served))) return reply.callNotFound();
    // Built files carry their hash in the name.
    const cache = path.startsWith('/assets/') && isFile ? 'public, max-age=31536000, immutable' : 'no-cache';
    return reply
      .header('cache-control', cache)
      .header('content-type', MEDIA_TYPES[extname(served)] ?? 'application/octet-stream')
      .send(createReadStream(served));
  });
}
