import { takeStripeEvent, type Platform } from '@glacis/domain';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

const BODY_LIMIT_BYTES = 512 * 1024;
const signature = z.string().max(1000).catch('');

/** Adds what the payment provider calls. Its signature covers the bytes as they came, so they are not parsed before. */
export function addWebhooks(server: FastifyInstance, platform: Platform): void {
  void server.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post(
      '/api/payments/stripe',
      { config: { declared: { access: 'public' } }, bodyLimit: BODY_LIMIT_BYTES },
      async (request, reply) => {
        await takeStripeEvent(platform, {
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
          signature: signature.parse(request.headers['stripe-signature']),
        });
        return reply.header('cache-control', 'no-store').send({ received: true });
      },
    );
  });
}
