/** Identity providers for tests of signing in; real ones, as far as the platform can tell. */
export { CLIENT, startProvider, type RunningProvider, type Subject } from './oidc-provider.ts';
export { newRsaCertificate } from './rsa-certificate.ts';
export {
  encoded,
  SamlProvider,
  startSamlProvider,
  type RunningSamlProvider,
  type SamlRequest,
  type Saying,
} from './saml-provider.ts';
