import { scimSchemas, type ErrorBody } from '@glacis/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** Media type of SCIM (RFC 7644, 8.1). */
const MEDIA_TYPE = 'application/scim+json';

/** Reads bodies that are marked as SCIM the way other JSON is read. */
export function takeScimBodies(server: FastifyInstance): void {
  const parser = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser(MEDIA_TYPE, { parseAs: 'string' }, parser);
}

const resource = z.object({
  meta: z.object({ location: z.string(), version: z.string().optional() }).optional(),
});

/** Answers with a resource or a list: with its version as entity tag, and where it is once it was made. */
export function sendScim(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, answer }: { status: number; answer: unknown },
): FastifyReply {
  const { meta } = resource.safeParse(answer).data ?? {};
  void reply.header('content-type', MEDIA_TYPE).header('cache-control', 'no-store');
  if (meta?.version !== undefined) void reply.header('etag', meta.version);
  if (status === 201 && meta) void reply.header('location', meta.location);
  const known = request.method === 'GET' ? request.headers['if-none-match'] : undefined;
  if (meta?.version !== undefined && known?.split(',').some(tag => tag.trim() === meta.version))
    return reply.status(304).send();
  return reply.status(status).send(JSON.stringify(answer));
}

/** What SCIM calls some of our errors (RFC 7644, 3.12). */
const TYPES: Readonly<Record<string, string>> = {
  'request.invalid': 'invalidSyntax',
  'scim.invalid-filter': 'invalidFilter',
  'scim.invalid-path': 'invalidPath',
  'scim.invalid-value': 'invalidValue',
  'scim.no-target': 'noTarget',
  'scim.mutability': 'mutability',
  'scim.uniqueness': 'uniqueness',
};

/** Answers an error in the form of SCIM; our own form comes with it, for what SCIM has no words for. */
export function sendScimError(
  reply: FastifyReply,
  { status, body }: { status: number; body: ErrorBody },
): FastifyReply {
  const scimType = TYPES[body.error.code];
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .header('content-type', MEDIA_TYPE)
    .send(
      JSON.stringify({
        schemas: [scimSchemas.error],
        status: String(status),
        ...(scimType === undefined ? {} : { scimType }),
        detail: body.error.message,
        ...body,
      }),
    );
}
