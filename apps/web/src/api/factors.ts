import {
  factorsView,
  passkeyAdded,
  passkeyAssertion,
  passkeyOptions,
  passkeyRegistration,
  passkeyView,
  recoveryCodes,
  signInAnswer,
  totpEnrolment,
  type FactorsView,
  type PasskeyAssertion,
  type SignInAnswer,
} from '@glacis/contract';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { queryOptions } from '@tanstack/vue-query';
import type { z } from 'zod';
import { translate } from '../i18n/index.ts';
import { ApiError } from './api-error.ts';
import { command, request } from './client.ts';

/** What a person signs in with: e-mail address and password, or the token of a one-time link. */
export type Credentials = { readonly email: string; readonly password: string } | { readonly link: string };

/** Where the question for a passkey comes from: for signing in, or for the second step of a sign-in. */
export type PasskeyQuestion = '/api/session/passkey/options' | '/api/session/second-factor/options';

/** By what the caller can show who they are, beside the password. */
export const factorsQuery = queryOptions({
  queryKey: ['session', 'factors'] as const,
  queryFn: ({ signal }): Promise<FactorsView> => request(factorsView, '/api/session/factors', { signal }),
});

/** Whether this browser, at this address, can have passkeys: they need a name, not an IP address. */
export function canUsePasskeys(): boolean {
  const isAddress = /^[\d.]+$|:/.test(location.hostname);
  return window.isSecureContext && !isAddress && 'PublicKeyCredential' in window;
}

/** Has the browser answer with a passkey. @throws ApiError, also when the person breaks off. */
export async function usePasskey(question: PasskeyQuestion): Promise<PasskeyAssertion> {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  const { options } = await request(passkeyOptions, question, { method: 'POST' });
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  return passkeyAssertion.parse(await asked(startAuthentication({ optionsJSON })));
}

/** Starts a session, or says by what to go on. @throws ApiError */
export function signIn(credentials: Credentials): Promise<SignInAnswer> {
  return request(signInAnswer, '/api/session', { method: 'POST', body: credentials });
}

/** Signs in with a passkey. @throws ApiError */
export async function signInWithPasskey(): Promise<SignInAnswer> {
  const passkey = await usePasskey('/api/session/passkey/options');
  return request(signInAnswer, '/api/session', { method: 'POST', body: { passkey } });
}

/** Ends a sign-in in two steps. @throws ApiError */
export function giveSecondFactor(
  proof: { code: string } | { passkey: PasskeyAssertion },
): Promise<SignInAnswer> {
  return request(signInAnswer, '/api/session/second-factor', { method: 'POST', body: proof });
}

/** Confirms who is there, before dangerous acts. @throws ApiError */
export function confirmIdentity(
  proof: { password: string; code?: string } | { passkey: PasskeyAssertion },
): Promise<void> {
  return command('/api/session/reauthentication', { method: 'POST', body: proof });
}

/** Begins to set up an authenticator app. @throws ApiError */
export function beginTotp(): Promise<z.output<typeof totpEnrolment>> {
  return request(totpEnrolment, '/api/session/totp', { method: 'POST' });
}

/** Confirms the app with a code; returns recovery codes when there were none. @throws ApiError */
export async function confirmTotp(code: string): Promise<string[]> {
  const body = { code };
  return (await request(recoveryCodes, '/api/session/totp/confirm', { method: 'POST', body })).recoveryCodes;
}

/** Removes the authenticator app. @throws ApiError */
export function removeTotp(): Promise<void> {
  return command('/api/session/totp', { method: 'DELETE' });
}

/** Replaces the recovery codes. @throws ApiError */
export async function renewRecoveryCodes(): Promise<string[]> {
  return (await request(recoveryCodes, '/api/session/recovery-codes', { method: 'POST' })).recoveryCodes;
}

/** Has the browser make a passkey and keeps it; returns recovery codes when it is the first factor. @throws ApiError */
export async function addPasskey(name: string): Promise<string[]> {
  const { startRegistration } = await import('@simplewebauthn/browser');
  const { options } = await request(passkeyOptions, '/api/session/passkeys/options', { method: 'POST' });
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const passkey = passkeyRegistration.parse(await asked(startRegistration({ optionsJSON })));
  const added = await request(passkeyAdded, '/api/session/passkeys', {
    method: 'POST',
    body: { name, passkey },
  });
  return added.recoveryCodes;
}

/** Gives a passkey another name. @throws ApiError */
export async function renamePasskey(id: string, name: string): Promise<void> {
  await request(passkeyView, `/api/session/passkeys/${id}`, { method: 'PATCH', body: { name } });
}

/** Forgets a passkey. @throws ApiError */
export function removePasskey(id: string): Promise<void> {
  return command(`/api/session/passkeys/${id}`, { method: 'DELETE' });
}

/** Breaking off and a missing passkey look alike to a page, by the design of browsers. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const isKnown = cause instanceof Error && cause.name === 'InvalidStateError';
    throw new ApiError({
      status: 0,
      code: 'client.passkey',
      message: translate(isKnown ? 'factor.passkeyKnown' : 'factor.passkeyNone'),
      cause,
    });
  }
}
