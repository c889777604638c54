import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoded, SamlProvider } from '@glacis/app-practice-net/testing';
import { tenantId } from '@glacis/foundation';
import { entityIdOf, redirectUriOf, type SamlConnection } from '../sso/connection.ts';
import { readAnswer } from './answer.ts';
import type { Assertion } from './assertion.ts';
import { personOf } from './person.ts';
import { SamlRefusal } from './refusal.ts';

/** Changed answers for each way to sign. */
const ROUNDS = 500;
const platform = { publicUrl: 'https://glacis.test' };
const provider = new SamlProvider('https://idp.test');
const id = '0192f0c1-2222-7333-8444-555566667777';
const connection: SamlConnection = {
  kind: 'saml',
  id,
  name: 'Directory',
  domains: ['alpha.test'],
  defaultRole: null,
  groupsClaim: 'groups',
  groupRoles: [],
  tenant: tenantId('0192f0c1-1111-7222-8333-444455556666'),
  tenantSlug: 'alpha',
  provider: {
    issuer: provider.issuer,
    signOnUrl: provider.signOnUrl,
    certificates: [provider.certificatePem],
  },
  emailAttribute: null,
};
const request = {
  id: '_request',
  issuer: entityIdOf(platform, id),
  acs: redirectUriOf(platform, connection),
};
const read = (xml: string): Promise<Assertion> =>
  readAnswer(platform, connection, { requestId: request.id, answer: encoded(xml) });

/** What is read of an assertion, as text. */
const said = (assertion: Assertion): string =>
  JSON.stringify([assertion.id, assertion.expiresAt, personOf(connection, assertion)]);

/** Random numbers that are the same in each run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Changes a text somewhere: a letter, a part left out, doubled, moved, or something that means something in XML. */
function changed(text: string, random: (below: number) => number): string {
  const from = random(text.length);
  const to = from + random(200);
  const part = text.slice(from, to);
  const elsewhere = random(text.length);
  const marks = ['<', '>', '"', '&amp;', '<!-- -->', ' ID="_x"', '<a/>', '&#65;', ' xmlns="urn:x"', '\u0000'];
  switch (random(5)) {
    case 0:
      return text.slice(0, from) + String.fromCodePoint(33 + random(90)) + text.slice(from + 1);
    case 1:
      return text.slice(0, from) + text.slice(to);
    case 2:
      return text.slice(0, to) + part + text.slice(to);
    case 3:
      return text.slice(0, elsewhere) + part + text.slice(elsewhere);
    default:
      return text.slice(0, from) + (marks[random(marks.length)] ?? '') + text.slice(from);
  }
}

for (const signs of [['assertion'], ['assertion', 'response']] as const) {
  test(`whatever is changed of an answer, nothing else is read (${signs.join(' and ')} signed)`, async () => {
    const xml = provider.answer(request, {
      nameId: 'somebody',
      attributes: { mail: 'somebody@alpha.test', groups: ['one', 'two'] },
      signs: [...signs],
    });
    const expected = said(await read(xml));
    const random = randomFrom(20_261_126);
    let refusals = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = changed(xml, random);
      try {
        assert.equal(said(await read(other)), expected, other);
      } catch (error) {
        if (!(error instanceof SamlRefusal)) throw error;
        refusals += 1;
      }
    }
    assert.ok(refusals > ROUNDS / 2, `${refusals} of ${ROUNDS} were refused`);
  });
}
