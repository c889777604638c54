import type { LightMyRequestResponse } from 'fastify';
import type { World } from './world.ts';

/** A browser as far as the API can tell: it keeps cookies. */
export interface Jar {
  readonly cookies: Map<string, string>;
  send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
}

/** Opens a browser on the server of a world, with the cookie of a session when one is given. */
export function openJar(world: World, session?: string): Jar {
  const cookies = new Map<string, string>();
  const keep = (text: string): void => {
    const [name = '', value = ''] = text.split(';')[0]?.split('=', 2) ?? [];
    if (value === '') cookies.delete(name);
    else cookies.set(name, value);
  };
  if (session !== undefined) keep(session);
  return {
    cookies,
    send: async (method, url, payload, headers = {}) => {
      const response = await world.server.inject({
        method,
        url,
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...headers },
        ...(payload ? { payload } : {}),
      });
      for (const text of [response.headers['set-cookie'] ?? []].flat()) keep(text);
      return response;
    },
  };
}
