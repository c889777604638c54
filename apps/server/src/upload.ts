import { Readable } from 'node:stream';
import { UserError } from '@glacis/foundation';
import type { FastifyInstance } from 'fastify';

/** A part of the server whose routes get the body as a stream, whatever type it says it is. */
export function addUploads(server: FastifyInstance, add: (part: FastifyInstance) => void): void {
  void server.register(async part => {
    part.removeAllContentTypeParsers();
    part.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    add(part);
  });
}

/** The bytes of a body that is a stream, up to a limit; of any other body none. @throws UserError while it is read */
export async function* uploadOf(body: unknown, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) return;
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new UserError(
        'request.too-large',
        `The file is over ${Math.floor(maxBytes / 1024 / 1024)} MiB. Send it in several parts.`,
      );
    yield chunk;
  }
}
