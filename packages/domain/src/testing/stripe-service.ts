import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { StripeSettings } from '@glacis/foundation';

type Thing = Record<string, unknown> & { id: string };

/** An HTTP service on loopback that speaks the parts of Stripe's API that Glacis uses, and signs webhooks like it. */
export interface StripeService {
  readonly settings: StripeSettings;
  /** What was asked, as `METHOD path`. */
  readonly calls: string[];
  readonly checkouts: Map<string, Thing>;
  readonly subscriptions: Map<string, Thing>;
  /** Plays the customer: pays an open checkout. Returns the id of the subscription. */
  pay(checkoutId: string): string;
  /** Changes a subscription, as time or the customer would. */
  change(subscriptionId: string, to: Record<string, unknown>): void;
  /** A webhook call about an object, signed. */
  event(
    type: string,
    object: Thing | undefined,
    of?: { id?: string; at?: number; secret?: string },
  ): { body: string; signature: string };
  /** Makes the service fail until it is set back. */
  setDown(isDown: boolean): void;
  close(): Promise<void>;
}

/** Starts the service on a free port of 127.0.0.1. */
export async function startStripeService(): Promise<StripeService> {
  const key = `sk_test_${randomBytes(12).toString('hex')}`;
  const webhookSecret = `whsec_${randomBytes(12).toString('hex')}`;
  const calls: string[] = [];
  const checkouts = new Map<string, Thing>();
  const subscriptions = new Map<string, Thing>();
  let isDown = false;
  const server = createServer((request, response) => {
    void answer(request, response, { key, calls, checkouts, subscriptions, isDown });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    settings: { key, webhookSecret, apiUrl: `http://127.0.0.1:${port}` },
    calls,
    checkouts,
    subscriptions,
    pay: id => pay(checkouts, subscriptions, id),
    change: (id, to) => void Object.assign(subscriptions.get(id) ?? {}, to),
    event: (type, object, of = {}) => {
      const body = JSON.stringify({
        id: of.id ?? newId('evt'),
        object: 'event',
        type,
        created: Math.floor(Date.now() / 1000),
        data: { object: object ?? {} },
      });
      const at = of.at ?? Math.floor(Date.now() / 1000);
      const mac = createHmac('sha256', of.secret ?? webhookSecret)
        .update(`${at}.${body}`)
        .digest('hex');
      return { body, signature: `t=${at},v1=${mac}` };
    },
    setDown: value => {
      isDown = value;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

interface State {
  readonly key: string;
  readonly calls: string[];
  readonly checkouts: Map<string, Thing>;
  readonly subscriptions: Map<string, Thing>;
  readonly isDown: boolean;
}

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const form = new URLSearchParams(await text(request));
  const { method = '', url = '' } = request;
  const path = url.split('?')[0] ?? '';
  state.calls.push(`${method} ${path}`);
  const send = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.headers.authorization !== `Bearer ${state.key}`) return send(401, problem('invalid_api_key'));
  if (state.isDown) return send(500, { error: { type: 'api_error', message: 'down' } });
  const [, , kind, ...rest] = path.split('/');
  if (kind === 'checkout') return checkout(method, rest.slice(1), form, state, send);
  if (kind === 'subscriptions') return subscription(method, rest, state, send);
  if (kind === 'billing_portal') return send(200, { id: newId('bps'), url: 'https://portal.stripe.test/p' });
  return send(404, problem('unknown_path'));
}

type Send = (status: number, body: object) => void;

function checkout(
  method: string,
  [id, act]: string[],
  form: URLSearchParams,
  state: State,
  send: Send,
): void {
  if (method === 'POST' && id === undefined) {
    const made = newId('cs');
    const thing: Thing = {
      id: made,
      object: 'checkout.session',
      status: 'open',
      payment_status: 'unpaid',
      url: `https://checkout.stripe.test/${made}`,
      client_reference_id: form.get('client_reference_id'),
      customer: form.get('customer'),
      customer_email: form.get('customer_email'),
      success_url: form.get('success_url'),
      cancel_url: form.get('cancel_url'),
      metadata: { reference: form.get('metadata[reference]'), plan: form.get('metadata[plan]') },
      subscription: null,
      price: form.get('line_items[0][price]'),
      amount: form.get('line_items[0][price_data][unit_amount]'),
    };
    state.checkouts.set(made, thing);
    return send(200, thing);
  }
  const thing = state.checkouts.get(id ?? '');
  if (!thing) return send(404, problem('resource_missing'));
  if (act === 'expire') {
    if (thing['status'] !== 'open') return send(400, problem(undefined));
    thing['status'] = 'expired';
  }
  return send(200, thing);
}

function subscription(method: string, [id]: string[], state: State, send: Send): void {
  const thing = state.subscriptions.get(id ?? '');
  if (!thing) return send(404, problem('resource_missing'));
  if (method === 'DELETE') thing['status'] = 'canceled';
  return send(200, thing);
}

function pay(checkouts: Map<string, Thing>, subscriptions: Map<string, Thing>, id: string): string {
  const session = checkouts.get(id);
  if (session?.['status'] !== 'open') throw new Error('The checkout cannot be paid.');
  const made = newId('sub');
  const customer = session['customer'] ?? newId('cus');
  subscriptions.set(made, {
    id: made,
    object: 'subscription',
    status: 'active',
    customer,
    cancel_at_period_end: false,
    metadata: session['metadata'],
    items: {
      object: 'list',
      data: [
        {
          id: newId('si'),
          current_period_end: Math.floor(Date.now() / 1000) + 30 * 86_400,
          price: { id: session['price'] ?? newId('price') },
        },
      ],
    },
  });
  Object.assign(session, { status: 'complete', payment_status: 'paid', subscription: made, customer });
  return made;
}

function problem(code: string | undefined): object {
  return { error: { type: 'invalid_request_error', ...(code ? { code } : {}), message: code ?? 'no' } };
}

function newId(kind: string): string {
  return `${kind}_${randomBytes(10).toString('hex')}`;
}
