import { generateKeyPair, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { bytesOfText, textOfBytes } from '../bytes.ts';
import { messageOf } from '../errors.ts';
import { buildPathRequest, requestBytes } from '../http/build-request.ts';
import { HttpClient } from '../http/client.ts';
import type { WireResponse } from '../http/client.ts';
import { parseTarget, portOf } from '../http/target.ts';
import type { Transport } from '../http/transport.ts';
import type { Interaction } from '../run/result.ts';
import { pause } from '../run/rate-limiter.ts';
import {
  CORRELATION_LENGTH,
  NONCE_LENGTH,
  interactionSchema,
  openMessages,
  pollSchema,
  randomName,
} from './protocol.ts';
import type { InteractionHandler, OastSession } from './session.ts';

/** How a scan registers with an out-of-band server. */
export interface OastOptions {
  /** Name, `name:port` or URL of the server; https unless it says otherwise. */
  readonly server: string;
  /** '' when the server asks for none. */
  readonly token: string;
  readonly transport: Transport;
  readonly pollMs?: number;
  /** Wait for late interactions at the end. */
  readonly cooldownMs?: number;
  /** Milliseconds a name is watched. */
  readonly evictionMs?: number;
  /** Domain under which names are made; the server's name when absent. */
  readonly domain?: string;
  readonly onWarning?: (message: string) => void;
}

const MAX_WATCHED = 50_000;
const REQUEST_TIMEOUT_MS = 15_000;

interface Watched {
  readonly handler: InteractionHandler;
  readonly untilMs: number;
}

class RegisteredSession implements OastSession {
  private readonly options: OastOptions;
  private readonly client: HttpClient;
  private readonly privateKey: KeyObject;
  private readonly correlation: string;
  private readonly secret: string;
  private readonly watched = new Map<string, Watched>();
  private readonly timer: NodeJS.Timeout;
  private polling: Promise<void> | undefined;
  private hasNames = false;

  constructor(
    options: OastOptions,
    client: HttpClient,
    privateKey: KeyObject,
    correlation: string,
    secret: string,
  ) {
    this.options = options;
    this.client = client;
    this.privateKey = privateKey;
    this.correlation = correlation;
    this.secret = secret;
    this.timer = setInterval(() => void this.poll(), options.pollMs ?? 5_000);
    this.timer.unref();
  }

  create(): { url: string; id: string } {
    this.hasNames = true;
    const id = this.correlation + randomName(NONCE_LENGTH);
    return { id, url: `${id}.${this.options.domain ?? serverTarget(this.options).host}` };
  }

  watch(ids: readonly string[], handler: InteractionHandler): void {
    const untilMs = Date.now() + (this.options.evictionMs ?? 60_000);
    for (const id of ids) this.watched.set(id, { handler, untilMs });
    for (const [id, item] of this.watched) {
      if (this.watched.size <= MAX_WATCHED && item.untilMs > Date.now()) break;
      this.watched.delete(id);
    }
  }

  poll(): Promise<void> {
    this.polling ??= this.pollOnce().finally(() => {
      this.polling = undefined;
    });
    return this.polling;
  }

  private async pollOnce(): Promise<void> {
    try {
      const query = `?id=${encodeURIComponent(this.correlation)}&secret=${encodeURIComponent(this.secret)}`;
      const response = await call(this.client, this.options, 'GET', `/poll${query}`, '');
      const { data, aes_key: key } = pollSchema.parse(JSON.parse(textOfBytes(response.body)));
      if (data === null || data === undefined || data.length === 0 || key === null || key === undefined)
        return;
      for (const message of openMessages(data, key, this.privateKey)) await this.deliver(message);
    } catch (error) {
      this.options.onWarning?.(`The out-of-band server does not answer: ${messageOf(error)}`);
    }
  }

  private async deliver(message: string): Promise<void> {
    const parsed = interactionSchema.safeParse(JSON.parse(message));
    if (!parsed.success) return;
    const watched = this.watched.get(parsed.data['unique-id'].toLowerCase());
    const entries = Object.entries(parsed.data).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, bytesOfText(value)]],
    );
    if (watched !== undefined) await watched.handler(Object.fromEntries(entries) as Interaction);
  }

  async finish(): Promise<void> {
    clearInterval(this.timer);
    if (this.hasNames) {
      await pause(this.options.cooldownMs ?? 5_000, undefined);
      await this.poll();
    }
    const body = JSON.stringify({ 'correlation-id': this.correlation, 'secret-key': this.secret });
    try {
      await call(this.client, this.options, 'POST', '/deregister', body);
    } catch {
      // The server forgets the registration by itself.
    }
    this.client.close();
  }
}

function serverTarget(options: OastOptions): NonNullable<ReturnType<typeof parseTarget>> {
  const target = parseTarget(
    /^https?:\/\//.test(options.server) ? options.server : `https://${options.server}`,
  );
  if (target === undefined) throw new Error(`${options.server} is no out-of-band server; give a name or URL`);
  return target;
}

async function call(
  client: HttpClient,
  options: OastOptions,
  method: string,
  path: string,
  body: string,
): Promise<WireResponse> {
  const target = serverTarget(options);
  const authority = target.port === undefined ? target.host : `${target.host}:${target.port}`;
  const headers: [string, string][] = [
    ['Content-Type', 'application/json'],
    ...(options.token === '' ? [] : [['Authorization', options.token] as [string, string]]),
  ];
  const request = buildPathRequest({
    method,
    url: `${target.scheme}://${authority}${path}`,
    headers,
    body: bytesOfText(body),
    target: undefined,
    extraHeaders: [],
  });
  if (request === undefined) throw new Error(`${options.server} is no out-of-band server`);
  const response = await client.send({
    host: target.host,
    port: portOf(target),
    isTls: target.scheme === 'https',
    sni: undefined,
    bytes: requestBytes(request, ''),
    isHead: false,
    isKeepAlive: true,
    timeoutMs: REQUEST_TIMEOUT_MS,
    dialTimeoutMs: REQUEST_TIMEOUT_MS,
    maxBody: 32 * 1024 * 1024,
    signal: undefined,
  });
  if (response.status === 401) throw new Error('the out-of-band server refuses the token; check -itoken');
  if (response.status !== 200)
    throw new Error(`the out-of-band server answers ${response.status} to ${path.split('?', 1)[0] ?? ''}`);
  return response;
}

/** Registers with an interactsh-protocol server. Rejects when it refuses or does not answer. */
export async function registerOast(
  options: OastOptions,
): Promise<OastSession & { readonly poll: () => Promise<void> }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const correlation = randomName(CORRELATION_LENGTH);
  const secret = randomUUID();
  const client = new HttpClient(options.transport);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const body = JSON.stringify({
    'public-key': Buffer.from(pem).toString('base64'),
    'secret-key': secret,
    'correlation-id': correlation,
  });
  await call(client, options, 'POST', '/register', body);
  return new RegisteredSession(options, client, privateKey, correlation, secret);
}
