import { UserError } from '@glacis/foundation';

/** Why an answer of a provider does not count: for the log and the tenant's admins, not for whoever sent it. */
export class SamlRefusal extends Error {}

/** The error for what an admin says about a provider. */
export function invalidProvider(field: string, sentence: string): UserError {
  return new UserError('sso.saml-provider-invalid', sentence, {
    fields: { [`provider.${field}`]: sentence },
  });
}
