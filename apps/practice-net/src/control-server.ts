import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Counters } from './bystander-traps.ts';
import { cannotListen } from './services/listeners.ts';

/** Most bytes of a request body. */
const MOST_BODY_BYTES = 16 * 1024;

/** Body of `POST /challenges`: publish the proof of ownership of a domain. */
export const challengeRequest = z.object({
  domain: z.string().min(1).max(253),
  value: z.string().min(1).max(200),
});

/** What the control address gives access to. */
export interface ControlOptions {
  readonly address: string;
  readonly port: number;
  readonly readCounters: () => Counters;
  /** The truth as JSON text. */
  readonly readTruth: () => string;
  readonly readAuthority: () => string;
  /** Throws RangeError for a domain without a zone here. */
  readonly setChallenge: (domain: string, value: string) => void;
}

/** A running control address. */
export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

function reply(response: ServerResponse, status: number, mediaType: string, body: string): void {
  response.writeHead(status, { 'content-type': mediaType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const JSON_TYPE = 'application/json';

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = z.instanceof(Buffer).parse(chunk);
    size += bytes.length;
    if (size > MOST_BODY_BYTES) throw new RangeError(`The body may have ${MOST_BODY_BYTES} bytes at most.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function publishChallenge(
  options: ControlOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const parsed = challengeRequest.safeParse(JSON.parse(await readBody(request)));
    if (!parsed.success) {
      reply(response, 400, 'text/plain', 'Send {"domain": …, "value": …} as JSON.\n');
      return;
    }
    options.setChallenge(parsed.data.domain, parsed.data.value);
    reply(response, 200, JSON_TYPE, '{"ok":true}\n');
  } catch (error) {
    const message = error instanceof RangeError ? error.message : 'Send {"domain": …, "value": …} as JSON.';
    reply(response, 400, 'text/plain', `${message}\n`);
  }
}

/** Starts the control address: counters, truth, authority certificate, challenges. */
export function startControlServer(options: ControlOptions): Promise<ControlServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method === 'POST' && path === '/challenges') {
      void publishChallenge(options, request, response);
      return;
    }
    request.resume();
    if (request.method !== 'GET') reply(response, 405, 'text/plain', 'Only GET, and POST /challenges.\n');
    else if (path === '/counters') reply(response, 200, JSON_TYPE, JSON.stringify(options.readCounters()));
    else if (path === '/truth') reply(response, 200, JSON_TYPE, options.readTruth());
    else if (path === '/authority.pem') reply(response, 200, 'text/plain', options.readAuthority());
    else reply(response, 404, 'text/plain', 'There are /counters, /truth, /authority.pem and /challenges.\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(cannotListen(options.address, options.port, error)));
    server.listen(options.port, options.address, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
      resolve({
        url: `http://${options.address}:${port}`,
        close: () =>
          new Promise(done => {
            server.closeAllConnections();
            server.close(() => done());
          }),
      });
    });
  });
}
