import type { Platform } from '@glacis/domain';
import { UserError } from '@glacis/foundation';
import type { FastifyInstance } from 'fastify';
import { securityHeaders } from './headers.ts';

const SLUG = /^[a-z0-9-]{2,63}$/;

/**
 * Lets `https://SLUG.DOMAIN/` lead to the tenant at the public address. Nothing else is served at such a host: no page, no API,
 * no cookie. So the app has one origin, whatever tenants are called, and nothing of one tenant’s host can reach another’s. Where
 * it leads is made of the public address and a slug, and of no header; whether the tenant is there is for the app to say.
 */
export function addTenantHosts(
  server: FastifyInstance,
  { tenantDomain, publicUrl }: Pick<Platform, 'tenantDomain' | 'publicUrl'>,
): void {
  if (tenantDomain === undefined) return;
  const publicHost = new URL(publicUrl).hostname;
  server.addHook('onRequest', async (request, reply) => {
    const host = request.hostname.toLowerCase().replace(/\.$/, '');
    const isBelow = host === tenantDomain || host.endsWith(`.${tenantDomain}`);
    if (!isBelow || host === publicHost) return;
    void reply.headers(securityHeaders).header('cache-control', 'no-store');
    const page = request.method === 'GET' ? pageOf(host, request.url, tenantDomain) : undefined;
    if (page === undefined) {
      throw new UserError(
        'request.not-found',
        `There is nothing at this address. Glacis is at ${publicUrl}; use that for the API too.`,
      );
    }
    return reply.redirect(`${publicUrl}${page}`, 302);
  });
}

/** The page of the app that an address of a tenant’s host leads to; undefined for what is none. */
function pageOf(host: string, url: string, tenantDomain: string): string | undefined {
  if (host === tenantDomain) return url === '/' ? '/' : undefined;
  const slug = host.slice(0, -tenantDomain.length - 1);
  if (!SLUG.test(slug) || !/^\/[\w~!$&'()*+,;=:@%./?-]{0,2000}$/.test(url)) return undefined;
  const [path = '/'] = url.split('?');
  const home = `/t/${slug}`;
  if (path === '/') return `${home}${url.slice(1)}`;
  if (path === home || path.startsWith(`${home}/`)) return url;
  // What belongs to the API, to another tenant or to none is not below this one.
  if (/^\/(api|t|assets)(\/|$)/.test(path) || /%|\/\/|\/\.|\\/.test(path)) return undefined;
  return `${home}${url}`;
}
