import {
  ownThingPath,
  samlCompleteRequest,
  samlMetadataRequest,
  samlProvider,
  ssoEntered,
  tenantPath,
} from '@glacis/contract';
import { generateServiceProviderMetadata } from '@node-saml/node-saml';
import { notFound } from '../../http/caller.ts';
import { route, type Route } from '../../http/route.ts';
import { entityIdOf, redirectUriOf } from '../sso/connection.ts';
import { hasSamlConnection } from '../sso/connections.ts';
import { readMetadata } from './provider.ts';
import { completeSaml, SAML_ACTION } from './sign-in.ts';

/** Routes of SAML 2.0: signing in, and what providers and their admins have to know. */
export const samlRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/sso/saml/complete',
    access: 'public',
    action: SAML_ACTION,
    summary: 'Ends a sign-in with the answer that the SAML provider let the browser bring.',
    body: samlCompleteRequest,
    answer: ssoEntered,
    handle: input => completeSaml(input, input.body),
  }),
  route({
    method: 'GET',
    url: '/api/sso/saml/:id/metadata',
    access: 'public',
    summary: 'What a SAML provider has to know about this platform: its metadata, for one connection.',
    params: ownThingPath,
    answer: 'file',
    handle: async ({ platform, params: { id } }) => {
      if (!(await hasSamlConnection(platform.database, id))) throw notFound('identity provider');
      const xml = generateServiceProviderMetadata({
        issuer: entityIdOf(platform, id),
        callbackUrl: redirectUriOf(platform, { kind: 'saml', id }),
        identifierFormat: null,
        wantAssertionsSigned: true,
      });
      return { bytes: Buffer.from(xml), mediaType: 'application/samlmetadata+xml' };
    },
  }),
  route({
    method: 'POST',
    url: '/api/tenants/:tenant/sso/saml-metadata',
    access: 'tenant.manage',
    action: 'sso.read-metadata',
    summary: 'Reads the metadata of a SAML provider, to add it; nothing is stored.',
    params: tenantPath,
    body: samlMetadataRequest,
    answer: samlProvider,
    handle: async input => readMetadata(input.body.xml),
  }),
];
