import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SAML_ANSWER_LENGTH } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import type { FastifyInstance } from 'fastify';

/** Room for the answer in percent-encoding. */
const BODY_LIMIT_BYTES = 2 * MAX_SAML_ANSWER_LENGTH;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Takes the answers that SAML providers let browsers bring by POST. Such a request comes from another site, so it carries no
 * cookie of ours, and nothing is done with it: the answer goes back to the browser inside the web app’s own page, which then
 * hands it to the API from our origin, together with the cookie that binds the browser. The answer is nothing but base64, so
 * it cannot break out of its place in the page.
 */
export function addSamlAnswers(server: FastifyInstance, webFolder: string): void {
  void server.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, new URLSearchParams(String(body)).get('SAMLResponse') ?? ''),
    );
    scope.post(
      '/sign-in/saml/:id',
      { config: { declared: { access: 'public', isOpenToOrigins: true } }, bodyLimit: BODY_LIMIT_BYTES },
      (request, reply) => {
        const answer = typeof request.body === 'string' ? request.body.replace(/\s+/g, '') : '';
        if (answer.length > MAX_SAML_ANSWER_LENGTH || !BASE64.test(answer))
          throw new UserError('request.invalid', 'This is no answer of a SAML identity provider.');
        const page = join(webFolder, 'index.html');
        if (!existsSync(page)) return reply.callNotFound();
        return reply
          .header('cache-control', 'no-store')
          .header('content-type', 'text/html; charset=utf-8')
          .send(withAnswer(readFileSync(page, 'utf8'), answer));
      },
    );
  });
}

function withAnswer(page: string, answer: string): string {
  const end = page.indexOf('</head>');
  return `${page.slice(0, end)}<meta name="saml-answer" content="${answer}" />${page.slice(end)}`;
}
