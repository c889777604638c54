import { inflateRawSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignedXml } from 'xml-crypto';
import { newRsaCertificate } from './rsa-certificate.ts';

/** What a provider says about somebody, and how; each part can be wrong on purpose. */
export interface Saying {
  readonly nameId: string;
  readonly nameIdFormat: string;
  /** Markup of the NameID’s content; left out: `nameId`. */
  readonly nameIdMarkup: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  readonly issuer: string;
  /** Null: there is no restriction. */
  readonly audiences: readonly string[] | null;
  readonly destination: string;
  readonly recipient: string;
  readonly inResponseTo: string | undefined;
  readonly confirmedFor: string | undefined;
  readonly notBefore: number;
  readonly notOnOrAfter: number;
  readonly issuedAt: number;
  readonly status: string;
  readonly assertionId: string;
  readonly signs: readonly ('assertion' | 'response')[];
  readonly keyPem: string;
  readonly hash: 'sha1' | 'sha256' | 'sha512';
}

/** A request of the platform, as the provider reads it from the address that the browser was sent to. */
export interface SamlRequest {
  readonly id: string;
  readonly issuer: string;
  readonly acs: string;
}

const SIGNATURES = {
  sha1: ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'http://www.w3.org/2000/09/xmldsig#sha1'],
  sha256: ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'],
  sha512: ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
} as const;
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** A SAML identity provider that says whatever a test wants, really signed. */
export class SamlProvider {
  readonly issuer: string;
  readonly signOnUrl: string;
  readonly keyPem: string;
  readonly certificatePem: string;

  constructor(origin: string) {
    this.issuer = `${origin}/entity`;
    this.signOnUrl = `${origin}/sign-on`;
    ({ keyPem: this.keyPem, certificatePem: this.certificatePem } = newRsaCertificate());
  }

  /** The description that an admin gives to the platform. */
  metadata(): string {
    const bare = this.certificatePem.replace(/-----.*-----|\s/g, '');
    return `<?xml version="1.0" encoding="UTF-8"?>
<!-- made by a test -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${this.issuer}">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>${bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${this.signOnUrl}/post"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${this.signOnUrl}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>`;
  }

  /** Reads the request in an address. */
  request(url: string): SamlRequest {
    const text = new URL(url).searchParams.get('SAMLRequest') ?? '';
    const xml = inflateRawSync(Buffer.from(text, 'base64')).toString('utf8');
    const find = (pattern: RegExp): string => pattern.exec(xml)?.[1] ?? '';
    return {
      id: find(/ ID="([^"]+)"/),
      issuer: find(/<saml:Issuer[^>]*>([^<]+)</),
      acs: find(/AssertionConsumerServiceURL="([^"]+)"/),
    };
  }

  /** The answer to a request, as XML: who it is, and what is wrong with it. */
  answer(request: SamlRequest, saying: Partial<Saying>): string {
    const now = Date.now();
    const said: Saying = {
      nameId: 'somebody',
      nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      nameIdMarkup: saying.nameId ?? 'somebody',
      attributes: {},
      issuer: this.issuer,
      audiences: [request.issuer],
      destination: request.acs,
      recipient: request.acs,
      inResponseTo: request.id,
      confirmedFor: 'inResponseTo' in saying ? saying.inResponseTo : request.id,
      notBefore: now - 1000,
      notOnOrAfter: now + 300_000,
      issuedAt: now,
      status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      assertionId: `_${randomBytes(16).toString('hex')}`,
      signs: ['assertion'],
      keyPem: this.keyPem,
      hash: 'sha256',
      ...saying,
    };
    return said.signs.reduce((xml, what) => this.#sign(xml, what, said), responseOf(said));
  }

  #sign(xml: string, what: 'assertion' | 'response', said: Saying): string {
    const [signatureAlgorithm, digestAlgorithm] = SIGNATURES[said.hash];
    const xpath = what === 'assertion' ? "//*[local-name(.)='Assertion']" : "/*[local-name(.)='Response']";
    const signer = new SignedXml({
      privateKey: said.keyPem,
      publicCert: this.certificatePem,
      signatureAlgorithm,
      canonicalizationAlgorithm: EXCLUSIVE,
    });
    signer.addReference({ xpath, transforms: [ENVELOPED, EXCLUSIVE], digestAlgorithm });
    signer.computeSignature(xml, {
      prefix: 'ds',
      location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' },
    });
    return signer.getSignedXml();
  }
}

/** The answer as the browser brings it. */
export function encoded(xml: string): string {
  return Buffer.from(xml, 'utf8').toString('base64');
}

function responseOf(said: Saying): string {
  const time = (at: number): string => new Date(at).toISOString();
  const answers = (id: string | undefined): string => (id === undefined ? '' : ` InResponseTo="${id}"`);
  const attributes = Object.entries(said.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${name}">${[values]
        .flat()
        .map(value => `<saml:AttributeValue>${value}</saml:AttributeValue>`)
        .join('')}</saml:Attribute>`,
  );
  const audiences = said.audiences?.map(one => `<saml:Audience>${one}</saml:Audience>`).join('');
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_${randomBytes(16).toString('hex')}" Version="2.0" IssueInstant="${time(said.issuedAt)}" Destination="${said.destination}"${answers(said.inResponseTo)}><saml:Issuer>${said.issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${said.status}"/></samlp:Status><saml:Assertion ID="${said.assertionId}" Version="2.0" IssueInstant="${time(said.issuedAt)}"><saml:Issuer>${said.issuer}</saml:Issuer><saml:Subject><saml:NameID Format="${said.nameIdFormat}">${said.nameIdMarkup}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="${said.recipient}" NotOnOrAfter="${time(said.notOnOrAfter)}"${answers(said.confirmedFor)}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${time(said.notBefore)}" NotOnOrAfter="${time(said.notOnOrAfter)}">${audiences === undefined ? '' : `<saml:AudienceRestriction>${audiences}</saml:AudienceRestriction>`}</saml:Conditions><saml:AuthnStatement AuthnInstant="${time(said.issuedAt)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>${attributes.length > 0 ? `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement>` : ''}</saml:Assertion></samlp:Response>`;
}

/** A SAML provider on loopback, at which people sign in without being asked. */
export interface RunningSamlProvider {
  readonly provider: SamlProvider;
  /** host:port. */
  readonly host: string;
  /** What it says about whoever comes next. */
  expect(saying: Partial<Saying>): void;
  close(): Promise<void>;
}

/** Starts one: its sign-on address answers with a page that sends the browser back by POST, as real ones do. */
export async function startSamlProvider(): Promise<RunningSamlProvider> {
  let saying: Partial<Saying> = {};
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', provider.signOnUrl);
    if (url.pathname !== '/sign-on') return void response.writeHead(404).end();
    const to = provider.request(url.href);
    const answer = encoded(provider.answer(to, saying));
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(
      `<!doctype html><title>Provider</title><form method="post" action="${to.acs}"><input type="hidden" name="SAMLResponse" value="${answer}"></form><script>document.forms[0].submit()</script>`,
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new SamlProvider(`http://${host}`);
  return {
    provider,
    host,
    expect: next => (saying = next),
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
