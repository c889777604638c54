import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { handleOfTemplate, loadTemplateSource, planTemplates, startScan } from '../src/index.ts';
import type { CheckResult, ScanOptions } from '../src/index.ts';

/** A request as the test server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A server on loopback that notes what it is asked. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly seen: SeenRequest[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts an HTTP server; `answer` gets each request. */
export async function serveHttp(
  answer: (request: SeenRequest, response: ServerResponse) => void,
): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const item = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body,
      };
      seen.push(item);
      answer(item, response);
    });
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts a TCP server; `talk` gets each connection. */
export async function serveTcp(
  talk: (socket: Socket) => void,
): Promise<{ port: number; url: string; [Symbol.asyncDispose]: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    talk(socket);
  });
  const port = await listening(server);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A template around some blocks. */
export function template(body: string, id = 'sample'): string {
  return `id: ${id}\ninfo:\n  name: Sample\n  author: tester\n  severity: low\n${body}\n`;
}

/** A scan's results, warnings and counters. */
export interface Ran {
  readonly results: CheckResult[];
  readonly warnings: string[];
  readonly counters: { requests: number; errors: number; matches: number; unresolved: number };
}

/** Runs template sources over targets and collects what comes out. */
export async function run(
  sources: string | readonly string[],
  targets: string | readonly string[],
  options: ScanOptions = {},
): Promise<Ran> {
  const handles = [sources]
    .flat()
    .map((source, index) => handleOfTemplate(loadTemplateSource(source, `/nowhere/${index}.yaml`)));
  const warnings: string[] = [];
  const scan = startScan(planTemplates(handles), [targets].flat(), {
    timeoutMs: 1_000,
    retries: 0,
    rateLimit: 0,
    onWarning: message => warnings.push(message),
    ...options,
  });
  const results: CheckResult[] = [];
  for await (const result of scan) results.push(result);
  return { results, warnings, counters: scan.counters };
}
