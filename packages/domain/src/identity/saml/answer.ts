import { SAML, ValidateInResponseTo, type CacheProvider } from '@node-saml/node-saml';
import { MAX_SAML_ANSWER_LENGTH } from '@glacis/contract';
import type { Platform } from '../../platform.ts';
import { entityIdOf, redirectUriOf, type SamlConnection } from '../sso/connection.ts';
import { CLOCK_SKEW_MS, readAssertion, type Assertion } from './assertion.ts';
import { SamlRefusal } from './refusal.ts';
import { assertShape } from './shape.ts';
import { attributeOf, childrenOf, elementsIn, ns, onlyChild, parseXml, textOf } from './xml.ts';

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
/** An assertion older than this answers a request that has been forgotten, ms. */
const MAX_AGE_MS = 10 * 60_000;

/** The service provider that the platform is for a connection, for one request. */
export function serviceProvider(
  platform: Pick<Platform, 'publicUrl'>,
  connection: SamlConnection,
  requestId: string,
): SAML {
  return new SAML({
    issuer: entityIdOf(platform, connection.id),
    audience: entityIdOf(platform, connection.id),
    callbackUrl: redirectUriOf(platform, connection),
    entryPoint: connection.provider.signOnUrl,
    idpCert: connection.provider.certificates,
    idpIssuer: connection.provider.issuer,
    // What the name of a person looks like, and how they show who they are, is for the provider to say.
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false,
    acceptedClockSkewMs: CLOCK_SKEW_MS,
    maxAssertionAgeMs: MAX_AGE_MS,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: MAX_AGE_MS + CLOCK_SKEW_MS,
    generateUniqueId: () => requestId,
    cacheProvider: onlyRequest(requestId),
  });
}

/** The flow keeps the request; it is used up before its answer is looked at. */
function onlyRequest(requestId: string): CacheProvider {
  const at = new Date().toISOString();
  return {
    saveAsync: async () => null,
    getAsync: async key => (key === requestId ? at : null),
    removeAsync: async () => null,
  };
}

/** Reads the answer of a provider to a request, after it was checked in all respects. @throws SamlRefusal */
export async function readAnswer(
  platform: Pick<Platform, 'publicUrl'>,
  connection: SamlConnection,
  of: { requestId: string; answer: string },
): Promise<Assertion> {
  const xml = decode(of.answer);
  const response = parseXml(xml);
  assertResponse(response, {
    destination: redirectUriOf(platform, connection),
    issuer: connection.provider.issuer,
    requestId: of.requestId,
  });
  assertShape(response);
  const { profile } = await serviceProvider(platform, connection, of.requestId)
    .validatePostResponseAsync({ SAMLResponse: Buffer.from(xml, 'utf8').toString('base64') })
    .catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : '';
      throw new SamlRefusal(`not confirmed: ${reason.slice(0, 200)}`);
    });
  if (!profile?.getAssertionXml) throw new SamlRefusal('no Assertion');
  return readAssertion(profile.getAssertionXml(), {
    issuer: connection.provider.issuer,
    audience: entityIdOf(platform, connection.id),
    recipient: redirectUriOf(platform, connection),
    requestId: of.requestId,
    now: Date.now(),
  });
}

function decode(answer: string): string {
  const bare = answer.replace(/\s+/g, '');
  if (bare.length > MAX_SAML_ANSWER_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(bare))
    throw new SamlRefusal('no base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bare, 'base64'));
  } catch {
    throw new SamlRefusal('no UTF-8');
  }
}

/** What the response says around the assertion. It need not be signed, so it can only refuse. */
function assertResponse(
  response: Element,
  expected: { destination: string; issuer: string; requestId: string },
): void {
  const status = statusOf(response);
  if (status !== SUCCESS) throw new SamlRefusal(`the provider says ${status.slice(0, 200)}`);
  const destination = attributeOf(response, 'Destination');
  if (destination !== undefined && destination !== expected.destination)
    throw new SamlRefusal('another destination');
  if (attributeOf(response, 'InResponseTo') !== expected.requestId)
    throw new SamlRefusal('an answer to another request');
  const [issuer] = childrenOf(response, ns.assertion, 'Issuer');
  if (issuer && textOf(issuer) !== expected.issuer) throw new SamlRefusal('another issuer');
}

/** The innermost status code: the most exact one. */
function statusOf(response: Element): string {
  let code = onlyChild(onlyChild(response, ns.protocol, 'Status'), ns.protocol, 'StatusCode');
  let [inner] = elementsIn(code);
  for (let depth = 0; inner && depth < 5; depth += 1) {
    code = inner;
    [inner] = elementsIn(code);
  }
  return attributeOf(code, 'Value') ?? '';
}
