import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** What the provider says about whoever signs in next. */
export interface Subject {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
}

/** A real OpenID provider on loopback, at which people sign in without being asked. */
export interface RunningProvider {
  readonly issuer: string;
  /** host:port. */
  readonly host: string;
  /** Follows an authorization request as a browser would. Returns the address that the provider sends it back to. */
  visit(authorizationUrl: string, as: Subject): Promise<URL>;
  /** Who signs in next, in a browser that comes by itself. */
  expect(subject: Subject): void;
  /** Lets the client come back to a further address. */
  register(redirectUri: string): void;
  close(): Promise<void>;
}

/** How the platform is known to the provider. */
export const CLIENT = { clientId: 'glacis', clientSecret: 'a secret of the client, long enough' } as const;

/** Starts a provider whose client may come back to some addresses. */
export async function startProvider(redirectUris: readonly string[]): Promise<RunningProvider> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `http://${host}`;
  const uris = [...redirectUris];
  let subject: Subject = { sub: '' };
  const known = new Map<string, Subject>();
  const make = (): Provider => newProvider(issuer, uris, known);
  let provider = make();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void provider.callback()(request, response);
    void answerInteraction(provider, subject, request, response);
  });
  const expect = (next: Subject): void => {
    subject = next;
    known.set(next.sub, next);
  };
  return {
    issuer,
    host,
    expect,
    register: redirectUri => {
      uris.push(redirectUri);
      provider = make();
    },
    visit: async (authorizationUrl, as) => {
      expect(as);
      return follow(authorizationUrl, issuer);
    },
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function newProvider(
  issuer: string,
  redirectUris: readonly string[],
  known: ReadonlyMap<string, Subject>,
): Provider {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [...redirectUris],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ ...known.get(id), sub: id }) }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ['a key for the cookies of the test'] },
    pkce: { required: () => true },
  });
  provider.proxy = false;
  return provider;
}

async function answerInteraction(
  provider: Provider,
  subject: Subject,
  ...[request, response]: Parameters<Provider['interactionDetails']> extends [infer I, infer O]
    ? [I, O]
    : never
): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: subject.sub } });
    return;
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) });
  grant?.addOIDCScope('openid email profile');
  await provider.interactionFinished(request, response, {
    consent: { grantId: (await grant?.save()) ?? '' },
  });
}

async function follow(start: string, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let hop = 0; hop < 10 && url.origin === issuer; hop += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const text of response.headers.getSetCookie()) {
      const [name = '', value = ''] = text.split(';')[0]?.split('=', 2) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
  }
  return url;
}
