import {
  addPasskeyRequest,
  ownThingPath,
  passkeyAdded,
  passkeyOptions,
  passkeyView,
  renamePasskeyRequest,
} from '@glacis/contract';
import { callerOf, sessionSecretOf } from '../../http/caller.ts';
import { route, type Route } from '../../http/route.ts';
import { personOfSecondStep } from '../second-factor.ts';
import { rotateSession } from '../session.ts';
import { askForPasskey } from './assertion.ts';
import { addPasskey, askForNewPasskey, removePasskey, renamePasskey } from './registration.ts';

/** Routes of passkeys: what browsers are asked, and one’s own passkeys. */
export const passkeyRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/session/passkey/options',
    access: 'public',
    action: 'session.ask-passkey',
    summary: 'Asks the browser for a passkey of this site; its answer signs in.',
    answer: passkeyOptions,
    handle: input => askForPasskey(input),
  }),
  route({
    method: 'POST',
    url: '/api/session/second-factor/options',
    access: 'public',
    action: 'session.ask-second-passkey',
    summary: 'Asks the browser for a passkey of the person whose sign-in waits for its second step.',
    answer: passkeyOptions,
    handle: async input => askForPasskey(input, await personOfSecondStep(input)),
  }),
  route({
    method: 'POST',
    url: '/api/session/passkeys/options',
    access: 'signed-in',
    isDangerous: true,
    action: 'session.passkeys.begin',
    summary: 'Asks the browser to make a passkey for the caller.',
    answer: passkeyOptions,
    handle: input => askForNewPasskey(input, callerOf(input)),
  }),
  route({
    method: 'POST',
    url: '/api/session/passkeys',
    access: 'signed-in',
    isDangerous: true,
    summary: 'Keeps the passkey that the browser has made; the first second factor brings recovery codes.',
    body: addPasskeyRequest,
    answer: passkeyAdded,
    status: 201,
    handle: async input => {
      const added = await addPasskey(input, callerOf(input), input.body);
      input.note({ subject: { kind: 'passkeys', id: added.passkey.id } });
      input.setSession(await rotateSession(input.platform.database, sessionSecretOf(input), ['passkey']));
      return added;
    },
  }),
  route({
    method: 'PATCH',
    url: '/api/session/passkeys/:id',
    access: 'signed-in',
    summary: 'Gives one of one’s own passkeys another name.',
    params: ownThingPath,
    body: renamePasskeyRequest,
    answer: passkeyView,
    handle: input => renamePasskey(input.platform, callerOf(input), { ...input.params, ...input.body }),
  }),
  route({
    method: 'DELETE',
    url: '/api/session/passkeys/:id',
    access: 'signed-in',
    isDangerous: true,
    summary: 'Forgets one of one’s own passkeys.',
    params: ownThingPath,
    answer: 'none',
    handle: input => removePasskey(input.platform, callerOf(input), input.params.id),
  }),
];
