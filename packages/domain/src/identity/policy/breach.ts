import type { PolicyBreach, SignInPolicy } from '@glacis/contract';
import { UserError } from '@glacis/foundation';

/** How somebody came: what a session has shown, or that a token came instead of one. */
export interface PolicyFacts {
  readonly session:
    | {
        readonly methods: readonly string[];
        readonly authenticatedAt: Date;
        /** Whether the tenant's own identity provider vouched for the person. */
        readonly isOfProvider: boolean;
      }
    | undefined;
  /** Whether the person has a second factor; undefined for a token of the tenant, which is nobody's. */
  readonly hasFactor: boolean | undefined;
}

const SECOND_FACTORS: ReadonlySet<string> = new Set(['totp', 'passkey', 'recovery-code']);

/** What is missing for entering a tenant, the weightiest first; undefined when nothing is. */
export function breachOf(
  policy: SignInPolicy,
  facts: PolicyFacts,
  now = Date.now(),
): PolicyBreach | undefined {
  const { session } = facts;
  // A token was made by somebody who was in: its own scopes and end bound it. Its holder still needs the second factor.
  if (!session) return policy.requiresSecondFactor && facts.hasFactor === false ? 'second-factor' : undefined;
  const shown = new Set(session.methods.map(method => (method === 'link' ? 'password' : method)));
  const { allowedMethods, sessionHours } = policy;
  if (allowedMethods && !allowedMethods.some(method => shown.has(method))) return 'method';
  // The tenant's provider asks for its own factors.
  const hasSecond = session.isOfProvider || session.methods.some(method => SECOND_FACTORS.has(method));
  if (policy.requiresSecondFactor && !hasSecond) return 'second-factor';
  const ageMs = now - session.authenticatedAt.getTime();
  return sessionHours !== null && ageMs > sessionHours * 3_600_000 ? 'age' : undefined;
}

const SENTENCES: Readonly<Record<PolicyBreach, string>> = {
  method: 'This tenant does not allow the way you signed in. Sign in another way that it allows.',
  'second-factor':
    'This tenant asks for a second factor. Set up an authenticator app or a passkey for your account, or sign in with it.',
  age: 'This tenant asks you to show again who you are: confirm with your password or passkey, or sign in again.',
};

/** The error for somebody who belongs to a tenant but does not satisfy its policy: what to do. */
export function policyError(breach: PolicyBreach): UserError {
  return new UserError('auth.policy', SENTENCES[breach], { fields: { [breach]: SENTENCES[breach] } });
}
