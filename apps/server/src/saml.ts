import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SAML_ANSWER_LENGTH } from '@glacis/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Room for the answer in percent-encoding. */
const BODY_LIMIT_BYTES = 2 * MAX_SAML_ANSWER_LENGTH;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Takes the answers that SAML providers let browsers bring by POST. Such a request comes from another site, so it carries no
 * cookie of ours, and nothing is done with it: the answer goes back to the browser inside the web app’s own page, which then
 * hands it to the API from our origin, together with the cookie that binds the browser. The answer is nothing but base64, so
 * it cannot break out of its place in the page. What is no answer gets the same page without one, which says so: a person
 * looks at it, not a program.
 */
export function addSamlAnswers(server: FastifyInstance, webFolder: string): void {
  const page = join(webFolder, 'index.html');
  const send = (reply: FastifyReply, answer?: string): FastifyReply => {
    if (!existsSync(page)) {
      reply.callNotFound();
      return reply;
    }
    const html = readFileSync(page, 'utf8');
    return reply
      .header('cache-control', 'no-store')
      .header('content-type', 'text/html; charset=utf-8')
      .send(answer === undefined ? html : withAnswer(html, answer));
  };
  void server.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, new URLSearchParams(String(body)).get('SAMLResponse') ?? ''),
    );
    // A body that is too large, broken off or of another kind; what else goes wrong is answered as everywhere.
    scope.setErrorHandler<Error & { code?: string; statusCode?: number }>((error, _request, reply) => {
      if (!error.code?.startsWith('FST_ERR_CTP_')) throw error;
      return send(reply.code(error.statusCode ?? 400));
    });
    scope.post(
      '/sign-in/saml/:id',
      { config: { declared: { access: 'public', isOpenToOrigins: true } }, bodyLimit: BODY_LIMIT_BYTES },
      (request, reply) => {
        const answer = typeof request.body === 'string' ? request.body.replace(/\s+/g, '') : '';
        if (answer.length > MAX_SAML_ANSWER_LENGTH || !BASE64.test(answer)) return send(reply.code(400));
        return send(reply, answer);
      },
    );
  });
}

function withAnswer(page: string, answer: string): string {
  const end = page.indexOf('</head>');
  return `${page.slice(0, end)}<meta name="saml-answer" content="${answer}" />${page.slice(end)}`;
}
