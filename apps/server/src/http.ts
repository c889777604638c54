import { errorCatalogue, type ErrorBody, type ErrorCode } from '@glacis/contract';
import {
  actionOf,
  isRecorded,
  originOf,
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
import { authorise } from './authorise.ts';
import { readCredential } from './credential.ts';
import { addUploads } from './upload.ts';
import { securityHeaders } from './headers.ts';
import { readMethods } from './methods.ts';
import { sendScim, sendScimError, takeScimBodies } from './scim.ts';
import { recordRefusal } from './refusal.ts';
import { addTenantHosts } from './tenant-host.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** Longest a client may take to send a request, ms: one that trickles must not hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Above Node's limit on all headers, so that a long path segment reaches its schema and gets its answer. */
const MAX_SEGMENT_LENGTH = 20_000;

/** Marks a route as having declared who may call it; one without stops the server from starting. */
export interface DeclaredAccess {
  readonly access: Route['access'];
  /** Name for the audit log. */
  readonly action?: string;
  /** Takes requests from pages of other origins: only for what reads no cookie and changes nothing. */
  readonly isOpenToOrigins?: boolean;
  readonly dialect?: Route['dialect'];
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
    // Nobody is believed about addresses but the proxies that were named.
    trustProxy:
      platform.trustedProxies && platform.trustedProxies.length > 0 ? [...platform.trustedProxies] : false,
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
  addTenantHosts(server, platform);
  const methodsAt = readMethods(routes);
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders);
    refuseMethod(request, reply, methodsAt);
    try {
      if (request.routeOptions.config.declared?.isOpenToOrigins !== true) refuseForeignOrigin(request);
    } catch (error) {
      recordRefusal(platform, request, { action: request.routeOptions.config.declared?.action }, error);
      throw error;
    }
  });
  takeScimBodies(server);
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    answerError(
      new UserError('request.not-found', `There is nothing at ${request.url.split('?')[0]}.`),
      request,
      reply,
    ),
  );
  for (const route of routes) {
    if (route.upload) addUploads(server, part => addRoute(part, platform, route));
    else addRoute(server, platform, route);
  }
  return server;
}

/**
 * Refuses a method that an address does not have, before anybody looks at the body. The router knows only that nothing fits,
 * or takes a path that is written out, such as `targets/import`, for one with a placeholder. @throws UserError
 */
function refuseMethod(
  request: FastifyRequest,
  reply: FastifyReply,
  methodsAt: ReturnType<typeof readMethods>,
): void {
  // Whatever is not written out is asked for: nothing, a placeholder, or the web app, which answers every GET.
  if (!request.is404 && !/[:*]/.test(request.routeOptions.url ?? '')) return;
  const path = request.url.split('?')[0] ?? '';
  const methods = methodsAt(path);
  if (methods.length === 0 || methods.includes(request.method)) return;
  void reply.header('allow', methods.join(', '));
  throw new UserError('request.method', `${path} takes ${methods.join(' and ')} only.`);
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
  // No browser adds a bearer token by itself, and with one the cookie counts for nothing.
  const given = readCredential(request);
  if (given && 'bearer' in given) return;
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const isForeignSite = site === 'cross-site' || site === 'same-site';
  const isForeignOrigin = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (isForeignSite || isForeignOrigin) {
    throw new UserError('auth.origin-refused', 'The request came from another origin and was refused.');
  }
}

function addRoute(server: FastifyInstance, platform: Platform, route: Route): void {
  const action = actionOf(route);
  const guarded = { ...route, action };
  server.route({
    method: route.method,
    url: route.url,
    ...(route.upload ? { bodyLimit: route.upload.maxBytes } : {}),
    config: {
      declared: { access: route.access, action, ...(route.dialect ? { dialect: route.dialect } : {}) },
    },
    handler: async (request, reply) => {
      const input = await authorise(request, reply, platform, guarded);
      const answer = isRecorded(route)
        ? await recorded(request, route, action, input)
        : await read(request, guarded, input);
      return route.dialect === 'scim' && route.answer !== 'none'
        ? sendScim(request, reply, { status: route.status ?? 200, answer })
        : send(reply, route, answer);
    },
  });
}

/** Handles a call that only reads; when the handler refuses it, that is recorded. */
async function read(
  request: FastifyRequest,
  route: Route,
  input: RouteInput<unknown, unknown, unknown>,
): Promise<unknown> {
  try {
    return await route.handle(input);
  } catch (error) {
    if (error instanceof UserError && error.code.startsWith('auth.'))
      recordRefusal(input.platform, request, route, error, input);
    throw error;
  }
}

/** Handles a call of which a record is kept. */
function recorded(
  request: FastifyRequest,
  route: Route,
  action: string,
  input: RouteInput<unknown, unknown, unknown>,
): Promise<unknown> {
  const { id } = z.object({ id: z.uuid() }).safeParse(request.params).data ?? {};
  return input.platform.audit.audited(
    {
      tenantId: input.tenant?.id,
      origin: originOf(input.caller, { address: request.ip, requestId: request.id }),
      action,
      ...(id === undefined ? {} : { subject: { kind: action.split('.')[0] ?? '', id } }),
    },
    note => route.handle({ ...input, note }),
    { isAnonymous: input.caller === undefined },
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
  if (status === 429) void reply.header('retry-after', /(\d+) s/.exec(message)?.[1] ?? '60');
  const isScim = request.routeOptions.config?.declared?.dialect === 'scim';
  if (isScim) return sendScimError(reply, { status, body });
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
