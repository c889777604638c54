import { errorCatalogue, permissionsOf, type ErrorBody, type ErrorCode } from '@glacis/contract';
import {
  callerOfSession,
  membershipsOf,
  noteSupportUse,
  routes as sliceRoutes,
  type FileAnswer,
  type Platform,
  type Route,
  type RouteInput,
} from '@glacis/domain';
import { isConnectionError } from '@glacis/db';
import { newId, UserError } from '@glacis/foundation';
import type { Duplex } from 'node:stream';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { z } from 'zod';
import { readCookie, sessionCookie } from './cookie.ts';
import { securityHeaders } from './headers.ts';
import { findUnstorable } from './unstorable.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** Longest a client may take to send a request, ms: one that trickles must not hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Above Node's limit on all headers, so that a long path segment reaches its schema and gets its answer. */
const MAX_SEGMENT_LENGTH = 20_000;

/** Marks a route as having declared who may call it; one without stops the server from starting. */
export interface DeclaredAccess {
  readonly access: Route['access'];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    declared?: DeclaredAccess;
  }
}

/** Builds the HTTP server with all routes of the slices; it does not listen yet. */
export function createHttpServer(
  platform: Platform,
  routes: readonly Route[] = sliceRoutes,
): FastifyInstance {
  const server = Fastify({
    loggerInstance: platform.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => newId(),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_SEGMENT_LENGTH },
    frameworkErrors: (_error, request, reply) => {
      void reply.headers(securityHeaders);
      answerError(new UserError('request.invalid', 'The address could not be read.'), request, reply);
    },
    clientErrorHandler: (_error, socket) => answerNoHttp(socket),
  });
  server.addHook('onRoute', options => {
    if (options.config?.declared?.access === undefined) {
      throw new Error(`The route ${String(options.method)} ${options.url} declares no permission.`);
    }
  });
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders);
    refuseForeignOrigin(request);
  });
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    answerError(
      new UserError('request.not-found', `There is nothing at ${request.url.split('?')[0]}.`),
      request,
      reply,
    ),
  );
  for (const route of routes) addRoute(server, platform, route);
  return server;
}

/** Answers bytes that are no HTTP request, before there is one to answer. */
function answerNoHttp(socket: Duplex): void {
  if (!socket.writable) return;
  const body: ErrorBody = {
    error: { code: 'request.invalid', message: 'This is no HTTP request.', requestId: newId() },
  };
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

/**
 * Cookies are SameSite=Strict; this refuses what slips through, such as a request from another port of this machine.
 * Browsers name the origin or at least the relation (Sec-Fetch-Site); clients that are no browsers send neither.
 */
export function refuseForeignOrigin(request: FastifyRequest): void {
  const isUpgrade = request.headers.upgrade !== undefined;
  if (request.method === 'GET' && !isUpgrade) return;
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const isForeignSite = site === 'cross-site' || site === 'same-site';
  const isForeignOrigin = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (isForeignSite || isForeignOrigin) {
    throw new UserError('auth.origin-refused', 'The request came from another origin and was refused.');
  }
}

function addRoute(server: FastifyInstance, platform: Platform, route: Route): void {
  server.route({
    method: route.method,
    url: route.url,
    config: { declared: { access: route.access } },
    handler: async (request, reply) => {
      const input = await authorise(request, reply, platform, route);
      const answer = await route.handle(input);
      return send(reply, route, answer);
    },
  });
}

/** Finds out who calls, whether they may, and parses what they sent. @throws UserError */
export async function authorise(
  request: FastifyRequest,
  reply: FastifyReply | undefined,
  platform: Platform,
  route: Pick<Route, 'access' | 'params' | 'query' | 'body'>,
): Promise<RouteInput<unknown, unknown, unknown>> {
  const sessionSecret = readCookie(request.headers.cookie);
  const caller = sessionSecret ? await callerOfSession(platform.database, sessionSecret) : undefined;
  if (route.access !== 'public' && !caller) throw new UserError('auth.sign-in-required', 'Sign in first.');

  const slug = z.object({ tenant: z.string() }).safeParse(request.params).data?.tenant;
  let tenant: RouteInput<unknown, unknown, unknown>['tenant'];
  if (slug !== undefined && caller) {
    const membership = (await membershipsOf(platform.database, caller.userId)).find(
      entry => entry.slug === slug,
    );
    // A tenant one does not belong to looks like one that does not exist.
    if (!membership) throw new UserError('request.not-found', 'There is no such tenant.');
    tenant = membership;
    if (caller.isPlatformAdmin) await noteSupportUse(platform.database, caller.userId, membership.id);
  }
  if (route.access !== 'public' && route.access !== 'signed-in') {
    const isAllowed = tenant
      ? permissionsOf[tenant.role].includes(route.access)
      : caller?.isPlatformAdmin === true;
    if (!isAllowed)
      throw new UserError(
        'auth.forbidden',
        'Your role does not allow this. Ask an administrator of the tenant.',
      );
  }
  return {
    platform,
    params: parse(route.params, request.params, 'path'),
    query: parse(route.query, request.query, 'query'),
    body: parse(route.body, request.body, 'body'),
    caller,
    tenant,
    address: request.ip,
    userAgent: request.headers['user-agent'] ?? '',
    sessionSecret,
    setSession: secret => {
      void reply?.header('set-cookie', sessionCookie(secret, request.protocol === 'https'));
    },
  };
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return undefined;
  const unstorable = findUnstorable(value);
  if (unstorable && where !== 'path') {
    const path = unstorable.path || where;
    throw new UserError('request.invalid', `The ${where} is not valid: ${path}: ${unstorable.reason}`, {
      fields: { [path]: unstorable.reason },
    });
  }
  const parsed = unstorable ? undefined : schema.safeParse(value ?? {});
  if (parsed?.success) return parsed.data;
  // An id that is no UUID names nothing.
  if (where === 'path' || !parsed)
    throw new UserError('request.not-found', 'There is nothing at this address.');
  const fields = Object.fromEntries(
    parsed.error.issues.map(issue => [issue.path.join('.') || where, issue.message]),
  );
  const first = Object.entries(fields)[0];
  throw new UserError(
    'request.invalid',
    `The ${where} is not valid: ${first?.[0] ?? ''}: ${first?.[1] ?? ''}`,
    { fields },
  );
}

function send(reply: FastifyReply, route: Route, answer: unknown): FastifyReply {
  if (route.answer === 'none') return reply.status(route.status ?? 204).send();
  if (route.answer === 'file') {
    const file = answer as FileAnswer;
    if (file.fileName)
      void reply.header(
        'content-disposition',
        `attachment; filename="${file.fileName.replace(/[^\w.-]/g, '_')}"`,
      );
    return reply
      .header('content-type', file.mediaType)
      .header('cache-control', 'private, no-store')
      .send(file.bytes instanceof Uint8Array ? Buffer.from(file.bytes) : file.bytes);
  }
  return reply
    .status(route.status ?? 200)
    .header('cache-control', 'no-store')
    .send(answer);
}

/** Answers with the code, the sentence and the request id; what is not meant for users goes to the log alone. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, status, message, fields } = explain(error);
  if (status >= 500)
    request.log.error(
      { err: error, requestId: request.id, url: request.routeOptions.url },
      'a request failed',
    );
  const body: ErrorBody = {
    error: { code, message, requestId: request.id, ...(fields ? { fields: { ...fields } } : {}) },
  };
  if (code === 'auth.throttled') void reply.header('retry-after', /(\d+) s/.exec(message)?.[1] ?? '60');
  return reply.status(status).header('cache-control', 'no-store').send(body);
}

function explain(error: unknown): {
  code: ErrorCode;
  status: number;
  message: string;
  fields?: Readonly<Record<string, string>>;
} {
  if (error instanceof UserError && isErrorCode(error.code)) {
    const { status } = errorCatalogue[error.code];
    return {
      code: error.code,
      status,
      message: error.message,
      ...(error.fields ? { fields: error.fields } : {}),
    };
  }
  const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (statusCode === 413)
    return { code: 'request.too-large', status: 413, message: `The body is over ${BODY_LIMIT_BYTES} bytes.` };
  if (statusCode >= 400 && statusCode < 500) {
    return {
      code: 'request.invalid',
      status: 400,
      message: 'The request could not be read: send JSON with content-type application/json.',
    };
  }
  if (isConnectionError(error)) {
    return {
      code: 'server.unavailable',
      status: 503,
      message: 'The database is away for the moment. Try again in a few seconds.',
    };
  }
  return {
    code: 'internal.unexpected',
    status: 500,
    message: 'Something went wrong on our side. The log has the details under the request id.',
  };
}

function isErrorCode(code: string): code is ErrorCode {
  return code in errorCatalogue;
}
