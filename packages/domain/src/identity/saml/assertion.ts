import { z } from 'zod';
import { SamlRefusal } from './refusal.ts';
import { attributeOf, childrenOf, elementsIn, ns, onlyChild, parseXml, textOf } from './xml.ts';

/** How far the clocks of provider and platform may be apart, ms. */
export const CLOCK_SKEW_MS = 60_000;
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
const CONDITIONS = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);
const MAX_VALUES = 2000;

/** What an assertion must say to be meant for this sign-in. */
export interface Expected {
  readonly issuer: string;
  /** The platform's name for the provider. */
  readonly audience: string;
  /** The address that the answer comes to. */
  readonly recipient: string;
  /** Id of the request that it answers. */
  readonly requestId: string;
  readonly now: number;
}

/** What counts of an assertion. */
export interface Assertion {
  readonly id: string;
  /** The provider's name for the person. */
  readonly nameId: string;
  readonly nameIdFormat: string;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /** From then on it is refused as too old. */
  readonly expiresAt: Date;
}

/**
 * Reads an assertion from the very bytes that its signature covers, and holds it against what was asked. @throws SamlRefusal
 */
export function readAssertion(signedXml: string, expected: Expected): Assertion {
  const assertion = parseXml(signedXml);
  if (assertion.localName !== 'Assertion' || assertion.namespaceURI !== ns.assertion)
    throw new SamlRefusal('no Assertion');
  if (attributeOf(assertion, 'Version') !== '2.0') throw new SamlRefusal('another version of SAML');
  if (textOf(onlyChild(assertion, ns.assertion, 'Issuer')) !== expected.issuer)
    throw new SamlRefusal('another issuer');
  if (childrenOf(assertion, ns.assertion, 'AuthnStatement').length === 0)
    throw new SamlRefusal('no AuthnStatement');
  const subject = onlyChild(assertion, ns.assertion, 'Subject');
  const nameId = onlyChild(subject, ns.assertion, 'NameID');
  const format = attributeOf(nameId, 'Format') ?? '';
  if (format === TRANSIENT)
    throw new SamlRefusal('a name that changes each time: let the provider send a persistent NameID');
  const name = textOf(nameId);
  if (name === '' || name.length > 1000) throw new SamlRefusal('no NameID');
  assertConditions(onlyChild(assertion, ns.assertion, 'Conditions'), expected);
  return {
    id: idOf(assertion),
    nameId: name,
    nameIdFormat: format,
    attributes: attributesOf(assertion),
    expiresAt: new Date(confirmedUntil(subject, expected) + CLOCK_SKEW_MS),
  };
}

/** Ids are kept, so that an assertion counts once: what is none must not get that far. */
function idOf(assertion: Element): string {
  const id = attributeOf(assertion, 'ID') ?? '';
  if (!/^[\w.-]{1,256}$/.test(id)) throw new SamlRefusal('no ID');
  return id;
}

function assertConditions(conditions: Element, { audience, now }: Expected): void {
  assertWithin(conditions, now);
  if (elementsIn(conditions).some(one => !CONDITIONS.has(one.localName)))
    throw new SamlRefusal('a condition that is not understood');
  const restriction = onlyChild(conditions, ns.assertion, 'AudienceRestriction');
  if (textOf(onlyChild(restriction, ns.assertion, 'Audience')) !== audience)
    throw new SamlRefusal('another audience');
}

/** Until when the bearer of the assertion is the person, ms; some confirmation must be meant for this very request. */
function confirmedUntil(subject: Element, expected: Expected): number {
  const reasons: string[] = [];
  for (const confirmation of childrenOf(subject, ns.assertion, 'SubjectConfirmation')) {
    try {
      if (attributeOf(confirmation, 'Method') !== BEARER) throw new SamlRefusal('no bearer');
      const data = onlyChild(confirmation, ns.assertion, 'SubjectConfirmationData');
      if (attributeOf(data, 'Recipient') !== expected.recipient) throw new SamlRefusal('another recipient');
      if (attributeOf(data, 'InResponseTo') !== expected.requestId)
        throw new SamlRefusal('an answer to another request');
      const until = assertWithin(data, expected.now);
      if (until === undefined) throw new SamlRefusal('no end of the confirmation');
      return until;
    } catch (error) {
      if (!(error instanceof SamlRefusal)) throw error;
      reasons.push(error.message);
    }
  }
  throw new SamlRefusal(`not confirmed: ${reasons.slice(0, 3).join(', ') || 'no SubjectConfirmation'}`);
}

/** Holds a span against the clock. Returns its end, ms. @throws SamlRefusal */
function assertWithin(span: Element, now: number): number | undefined {
  const from = timeOf(span, 'NotBefore');
  const until = timeOf(span, 'NotOnOrAfter');
  if (from !== undefined && now + CLOCK_SKEW_MS < from) throw new SamlRefusal('not valid yet');
  if (until !== undefined && now - CLOCK_SKEW_MS >= until) throw new SamlRefusal('expired');
  return until;
}

function timeOf(element: Element, name: string): number | undefined {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const parsed = z.iso.datetime({ offset: true }).safeParse(text);
  if (!parsed.success) throw new SamlRefusal(`${name} is no time`);
  return Date.parse(parsed.data);
}

function attributesOf(assertion: Element): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let left = MAX_VALUES;
  for (const statement of childrenOf(assertion, ns.assertion, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, ns.assertion, 'Attribute')) {
      const name = attributeOf(attribute, 'Name');
      if (name === undefined) continue;
      const values = childrenOf(attribute, ns.assertion, 'AttributeValue')
        // Values that are no text, such as an eduPersonTargetedID, mean nothing here.
        .filter(value => elementsIn(value).length === 0)
        .map(textOf);
      left -= values.length;
      if (left < 0) throw new SamlRefusal('too many attributes');
      found.set(name, [...(found.get(name) ?? []), ...values]);
    }
  }
  return found;
}
