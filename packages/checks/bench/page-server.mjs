/**
 * An HTTP server of its own process for the measurements: BODY_BYTES bytes of page, 200 for / and 404 for the rest. LINE_FILE
 * holds what the page repeats; with it every answer is a 200.
 * It answers whatever the templates send and prints its port first; a line `{"requests":N}` comes out when its input ends.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const lineFile = process.env.LINE_FILE;
const LINE =
  lineFile !== undefined
    ? readFileSync(lineFile, 'latin1')
    : 'A plain page with some words, version 1.2.3 and a link /wp-content/x\n';
const bodyBytes = Number(process.env.BODY_BYTES ?? '0');
const page =
  bodyBytes === 0
    ? Buffer.from('small')
    : Buffer.from(LINE.repeat(Math.ceil(bodyBytes / LINE.length)).slice(0, bodyBytes), 'latin1');
let requests = 0;

const server = createServer(
  { requireHostHeader: false, insecureHTTPParser: true, keepAliveTimeout: 60_000 },
  (request, response) => {
    requests += 1;
    request.on('error', () => undefined).resume();
    response.on('error', () => undefined);
    response.writeHead(request.url === '/' || lineFile !== undefined ? 200 : 404, {
      'content-type': 'text/html',
      'content-length': page.length,
    });
    response.end(page);
  },
);
const refuse = (_, socket) => {
  requests += 1;
  socket.on('error', () => undefined);
  if (socket.writable)
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
};
server.on('clientError', refuse).on('connect', refuse).on('upgrade', refuse);
server.listen(0, '0.0.0.0', () => void process.stdout.write(`${server.address().port}\n`));
process.stdin
  .on('end', () => process.stdout.write(`${JSON.stringify({ requests })}\n`, () => process.exit(0)))
  .resume();
