import type { SamlProvider } from '@glacis/contract';
import type { Platform } from '../../platform.ts';
import { normalCertificate } from './certificate.ts';
import { invalidProvider, SamlRefusal } from './refusal.ts';
import { attributeOf, childrenOf, descendantsOf, ns, parseXml, textOf } from './xml.ts';

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/** Checks what an admin says about a provider. Returns it in its normal form. @throws UserError */
export function checkSamlProvider(
  platform: Pick<Platform, 'privateProviders'>,
  provider: SamlProvider,
): SamlProvider {
  const url = new URL(provider.signOnUrl);
  const isPrivate = platform.privateProviders.includes(url.host);
  if ((url.protocol !== 'https:' && !isPrivate) || url.username !== '' || url.hash !== '')
    throw invalidProvider('signOnUrl', 'People must be sent to the identity provider by HTTPS.');
  return {
    issuer: provider.issuer,
    signOnUrl: url.href,
    certificates: [...new Set(provider.certificates.map(normalCertificate))],
  };
}

/** Reads what a provider says about itself (its metadata). @throws UserError */
export function readMetadata(xml: string): SamlProvider {
  try {
    return providerIn(parseXml(xml, { hasComments: true }));
  } catch (error) {
    if (!(error instanceof SamlRefusal)) throw error;
    throw invalidProvider(
      'metadata',
      `This is no description of a SAML identity provider: ${error.message}.`,
    );
  }
}

function providerIn(root: Element): SamlProvider {
  const found = descendantsOf(root).filter(
    one => one.namespaceURI === ns.metadata && one.localName === 'IDPSSODescriptor',
  );
  const [descriptor, ...more] = found;
  if (!descriptor) throw new SamlRefusal('no IDPSSODescriptor');
  if (more.length > 0) throw new SamlRefusal('it describes several; take the part of yours');
  const entity = descriptor.parentNode as Element;
  const issuer = attributeOf(entity, 'entityID')?.trim();
  const signOnUrl = childrenOf(descriptor, ns.metadata, 'SingleSignOnService')
    .filter(service => attributeOf(service, 'Binding') === REDIRECT)
    .map(service => attributeOf(service, 'Location'))
    .find(location => location !== undefined && URL.canParse(location));
  if (!issuer) throw new SamlRefusal('no entityID');
  if (signOnUrl === undefined) throw new SamlRefusal('no SingleSignOnService by HTTP-Redirect');
  const certificates = childrenOf(descriptor, ns.metadata, 'KeyDescriptor')
    .filter(key => (attributeOf(key, 'use') ?? 'signing') === 'signing')
    .flatMap(key => descendantsOf(key))
    .filter(one => one.namespaceURI === ns.signature && one.localName === 'X509Certificate')
    .map(textOf);
  if (certificates.length === 0) throw new SamlRefusal('no certificate for signing');
  return { issuer, signOnUrl, certificates: [...new Set(certificates.map(normalCertificate))].slice(0, 10) };
}
