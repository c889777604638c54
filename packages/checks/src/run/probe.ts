import { buildPathRequest, requestBytes } from '../http/build-request.ts';
import { hostnameOf, portOf } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import type { ScanServices } from './services.ts';

const HTTP_PORTS = new Set([80, 8000, 8080, 8888, 3000, 5000, 9000]);

/** Finds out over which scheme a bare host answers: https first, unless its port is usual for http or above 1024. */
export async function probeScheme(target: Target, services: ScanServices): Promise<Target | undefined> {
  const isHttpFirst = target.port !== undefined && (HTTP_PORTS.has(target.port) || target.port > 1024);
  const order = isHttpFirst ? (['http', 'https'] as const) : (['https', 'http'] as const);
  for (const scheme of order) {
    const candidate = { ...target, scheme };
    const request = buildPathRequest({
      method: 'HEAD',
      url: `${scheme}://${hostnameOf(target)}/`,
      headers: [],
      body: '',
      target: undefined,
      extraHeaders: services.settings.headers,
      userAgent: services.settings.userAgent,
    });
    if (request === undefined) return undefined;
    try {
      await services.rate.acquire(services.signal);
      services.counters.requests += 1;
      const { timeoutMs } = services.settings;
      await services.client.send({
        host: target.host,
        port: portOf(candidate),
        isTls: scheme === 'https',
        sni: services.settings.sni,
        bytes: requestBytes(request, ''),
        isHead: true,
        isKeepAlive: true,
        timeoutMs: timeoutMs * 3,
        dialTimeoutMs: timeoutMs,
        maxBody: 65_536,
        signal: services.signal,
      });
      return candidate;
    } catch {
      // Not over this scheme; the next one is tried.
    }
  }
  return undefined;
}
