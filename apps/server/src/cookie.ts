import type { FlowKind, RouteInput } from '@glacis/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Name of the session cookie. */
const NAME = 'glacis_session';
const MAX_AGE_SECONDS = 14 * 86_400;
/** How long a way through several steps may take. */
const FLOW_AGE_SECONDS = 600;

/** The session secret of a Cookie header, if there is one. */
export function readCookie(header: string | undefined, wanted: string = NAME): string | undefined {
  for (const part of (header ?? '').slice(0, 8192).split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted && value && /^[\w-]{20,100}$/.test(value)) return value;
  }
  return undefined;
}

/** A Set-Cookie header that starts a session, or ends it when there is no secret. */
export function sessionCookie(secret: string | undefined, isSecure: boolean): string {
  return cookie(NAME, secret, { path: '/', maxAgeSeconds: MAX_AGE_SECONDS, isSecure });
}

/** The cookies of ways through several steps: one for each kind, sent to the API alone. */
export function flowCookies(
  request: FastifyRequest,
  reply: FastifyReply | undefined,
): RouteInput<unknown, unknown, unknown>['flow'] {
  const nameOf = (kind: FlowKind) => `glacis_${kind}`;
  const isSecure = request.protocol === 'https';
  return {
    secretOf: kind => readCookie(request.headers.cookie, nameOf(kind)),
    set: (kind, secret) => {
      const made = cookie(nameOf(kind), secret, { path: '/api/', maxAgeSeconds: FLOW_AGE_SECONDS, isSecure });
      void reply?.header('set-cookie', made);
    },
  };
}

function cookie(
  name: string,
  value: string | undefined,
  of: { path: string; maxAgeSeconds: number; isSecure: boolean },
): string {
  const maxAge = value ? of.maxAgeSeconds : 0;
  const attributes = [`Path=${of.path}`, 'HttpOnly', 'SameSite=Strict', `Max-Age=${maxAge}`];
  if (of.isSecure) attributes.push('Secure');
  return [`${name}=${value ?? ''}`, ...attributes].join('; ');
}
