import { timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet';
import {
  CORRELATION_LENGTH,
  deregisterSchema,
  readPublicKey,
  registerSchema,
  sealMessages,
} from './protocol.ts';

/** How an out-of-band server listens. A port of 0 takes a free one; undefined leaves the listener out. */
export interface OastServerOptions {
  /** Domain whose names are watched. */
  readonly domain: string;
  /** Address the listeners bind to. */
  readonly listen: string;
  /** Address given for every name below the domain. */
  readonly ip: string;
  readonly httpPort?: number;
  readonly dnsPort?: number;
  readonly smtpPort?: number;
  readonly ldapPort?: number;
  /** Required of pollers when not ''. */
  readonly token: string;
}

/** A running server. */
export interface OastServer {
  /** Ports by listener. */
  readonly ports: Readonly<Record<'http' | 'dns' | 'smtp' | 'ldap', number | undefined>>;
  readonly close: () => Promise<void>;
}

interface Registration {
  readonly publicKey: KeyObject;
  readonly secret: string;
  readonly messages: string[];
  seenMs: number;
}

const MAX_REGISTRATIONS = 10_000;
const MAX_MESSAGES = 5_000;
const MAX_BODY = 64 * 1024;
const MAX_RAW = 16 * 1024;
const IDLE_MS = 24 * 3_600_000;
const SOCKET_MS = 20_000;
const NAME = /[a-z0-9]{33}/g;

const isSecret = (given: string, wanted: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Registrations and the interactions kept for them. */
class Store {
  private readonly registrations = new Map<string, Registration>();

  register(id: string, publicKey: KeyObject, secret: string): boolean {
    for (const [key, item] of this.registrations)
      if (Date.now() - item.seenMs > IDLE_MS) this.registrations.delete(key);
    if (this.registrations.has(id) || this.registrations.size >= MAX_REGISTRATIONS) return false;
    this.registrations.set(id, { publicKey, secret, messages: [], seenMs: Date.now() });
    return true;
  }

  find(id: string, secret: string): Registration | undefined {
    const found = this.registrations.get(id);
    return found !== undefined && isSecret(secret, found.secret) ? found : undefined;
  }

  remove(id: string): void {
    this.registrations.delete(id);
  }

  /** Keeps an interaction for every registration whose names occur in the text. */
  record(
    protocol: string,
    text: string,
    raw: string,
    answer: string,
    address: string,
    queryType?: string,
  ): void {
    for (const uniqueId of new Set(text.toLowerCase().match(NAME) ?? [])) {
      const registration = this.registrations.get(uniqueId.slice(0, CORRELATION_LENGTH));
      if (registration === undefined || registration.messages.length >= MAX_MESSAGES) continue;
      const at = text.toLowerCase().indexOf(uniqueId);
      const before = /[a-z0-9.-]*$/i.exec(text.slice(0, at))?.[0] ?? '';
      const interaction = {
        protocol,
        'unique-id': uniqueId,
        'full-id': before + uniqueId,
        ...(queryType === undefined ? {} : { 'q-type': queryType }),
        'raw-request': raw.slice(0, MAX_RAW),
        'raw-response': answer.slice(0, MAX_RAW),
        'remote-address': address,
        timestamp: new Date().toISOString(),
      };
      registration.messages.push(JSON.stringify(interaction));
    }
  }
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MAX_BODY) reject(new Error('the body is too long'));
    });
    request.once('end', () => resolve(body));
    request.once('error', reject);
  });
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

async function register(request: IncomingMessage, response: ServerResponse, store: Store): Promise<void> {
  const parsed = registerSchema.parse(JSON.parse(await readBody(request)));
  const isNew = store.register(
    parsed['correlation-id'],
    readPublicKey(parsed['public-key']),
    parsed['secret-key'],
  );
  reply(
    response,
    isNew ? 200 : 400,
    isNew ? { message: 'registration successful' } : { error: 'the correlation id is taken' },
  );
}

function poll(url: URL, response: ServerResponse, store: Store): void {
  const registration = store.find(url.searchParams.get('id') ?? '', url.searchParams.get('secret') ?? '');
  if (registration === undefined) return reply(response, 400, { error: 'no such registration' });
  registration.seenMs = Date.now();
  const messages = registration.messages.splice(0);
  reply(
    response,
    200,
    messages.length === 0 ? { data: [], aes_key: '' } : sealMessages(messages, registration.publicKey),
  );
}

async function serveHttp(
  request: IncomingMessage,
  response: ServerResponse,
  store: Store,
  options: OastServerOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://host.invalid');
  const isControl = ['/register', '/poll', '/deregister'].includes(url.pathname);
  if (isControl && options.token !== '' && !isSecret(request.headers.authorization ?? '', options.token))
    return reply(response, 401, { error: 'the token is missing or wrong' });
  if (url.pathname === '/register' && request.method === 'POST') return register(request, response, store);
  if (url.pathname === '/poll' && request.method === 'GET') return poll(url, response, store);
  if (url.pathname === '/deregister' && request.method === 'POST') {
    const parsed = deregisterSchema.parse(JSON.parse(await readBody(request)));
    if (store.find(parsed['correlation-id'], parsed['secret-key']) === undefined)
      return reply(response, 400, { error: 'no such registration' });
    store.remove(parsed['correlation-id']);
    return reply(response, 200, { message: 'deregistration successful' });
  }
  const body = await readBody(request);
  const headers = request.rawHeaders
    .flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${request.rawHeaders[index + 1] ?? ''}\r\n`] : [],
    )
    .join('');
  const raw = `${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}\r\n${headers}\r\n${body}`;
  const name = /[a-z0-9]{33}/i.exec(request.headers.host ?? '')?.[0] ?? '';
  const page = `<html><head></head><body>${[...name].reverse().join('')}</body></html>`;
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${page}`;
  store.record(
    'http',
    `${request.headers.host ?? ''} ${request.url ?? ''}`,
    raw,
    answer,
    request.socket.remoteAddress ?? '',
  );
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(page);
}

function answerDns(
  message: Buffer,
  from: RemoteInfo,
  socket: UdpSocket,
  store: Store,
  options: OastServerOptions,
): void {
  let query: ReturnType<typeof decode>;
  try {
    query = decode(message);
  } catch {
    return;
  }
  const [question] = query.questions ?? [];
  if (question === undefined || query.flag_qr) return;
  const isOurs =
    question.name.toLowerCase() === options.domain ||
    question.name.toLowerCase().endsWith(`.${options.domain}`);
  const answers =
    isOurs && (question.type === 'A' || String(question.type) === 'ANY')
      ? [{ type: 'A' as const, name: question.name, ttl: 30, data: options.ip }]
      : [];
  const answer = encode({
    type: 'response',
    id: query.id ?? 0,
    flags: AUTHORITATIVE_ANSWER | (isOurs ? 0 : 5),
    questions: [question],
    answers,
  });
  const text = `;${question.name}.\tIN\t ${question.type}`;
  if (isOurs)
    store.record(
      'dns',
      question.name,
      text,
      answers.map(item => `${item.name}.\t30\tIN\tA\t${item.data}`).join('\n'),
      from.address,
      question.type,
    );
  socket.send(answer, from.port, from.address);
}

function bounded(socket: Socket): void {
  socket.setTimeout(SOCKET_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
}

function serveSmtp(socket: Socket, store: Store, domain: string): void {
  bounded(socket);
  let [raw, line, isData] = ['', '', false];
  socket.write(`220 ${domain} ESMTP\r\n`);
  socket.setEncoding('latin1');
  const finish = (): void => store.record('smtp', raw, raw, '', socket.remoteAddress ?? '');
  socket.on('data', (chunk: string) => {
    raw += chunk;
    line += chunk;
    if (raw.length > MAX_BODY) return socket.destroy();
    for (let end = line.indexOf('\n'); end !== -1; end = line.indexOf('\n')) {
      const command = line.slice(0, end).trim();
      line = line.slice(end + 1);
      if (isData && command !== '.') continue;
      const verb = command.slice(0, 4).toUpperCase();
      if (isData) isData = false;
      else if (verb === 'DATA') isData = true;
      socket.write(isData ? '354 Go ahead\r\n' : verb === 'QUIT' ? '221 Bye\r\n' : '250 OK\r\n');
      if (verb === 'QUIT') socket.end();
    }
    return undefined;
  });
  socket.once('close', finish);
}

/** Records what an LDAP client asks for and answers its bind and search with success. */
function serveLdap(socket: Socket, store: Store): void {
  bounded(socket);
  let raw = '';
  socket.on('data', chunk => {
    raw += chunk.toString('latin1');
    if (raw.length > MAX_RAW) return socket.destroy();
    const id = chunk[4] ?? 1;
    const isSearch = chunk[5] === 0x63;
    socket.write(
      Buffer.from([
        0x30,
        0x0c,
        0x02,
        0x01,
        id,
        isSearch ? 0x65 : 0x61,
        0x07,
        0x0a,
        0x01,
        0x00,
        0x04,
        0x00,
        0x04,
        0x00,
      ]),
    );
    return undefined;
  });
  socket.once('close', () => store.record('ldap', raw, raw, '', socket.remoteAddress ?? ''));
}

function listening(server: HttpServer | TcpServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Starts an out-of-band server of the interactsh protocol. Rejects when a port cannot be bound. */
export async function startOastServer(options: OastServerOptions): Promise<OastServer> {
  const store = new Store();
  const closers: (() => Promise<void>)[] = [];
  const ports: Record<'http' | 'dns' | 'smtp' | 'ldap', number | undefined> = {
    http: undefined,
    dns: undefined,
    smtp: undefined,
    ldap: undefined,
  };
  const open = async (server: HttpServer | TcpServer, port: number): Promise<number> => {
    const bound = await listening(server, port, options.listen);
    closers.push(
      () =>
        new Promise(done => {
          if ('closeAllConnections' in server) server.closeAllConnections();
          server.close(() => done());
        }),
    );
    return bound;
  };
  if (options.httpPort !== undefined) {
    const server = createHttpServer(
      { requestTimeout: SOCKET_MS, headersTimeout: SOCKET_MS },
      (request, response) => {
        serveHttp(request, response, store, options).catch(() => {
          if (!response.headersSent) reply(response, 400, { error: 'the request cannot be understood' });
        });
      },
    );
    ports.http = await open(server, options.httpPort);
  }
  if (options.smtpPort !== undefined)
    ports.smtp = await open(
      createTcpServer(socket => serveSmtp(socket, store, options.domain)),
      options.smtpPort,
    );
  if (options.ldapPort !== undefined)
    ports.ldap = await open(
      createTcpServer(socket => serveLdap(socket, store)),
      options.ldapPort,
    );
  if (options.dnsPort !== undefined) {
    const socket = createSocket('udp4');
    socket.on('message', (message, from) => answerDns(message, from, socket, store, options));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(options.dnsPort, options.listen, () => resolve());
    });
    ports.dns = socket.address().port;
    closers.push(() => new Promise(done => socket.close(() => done())));
  }
  return { ports, close: async () => void (await Promise.all(closers.map(close => close()))) };
}
