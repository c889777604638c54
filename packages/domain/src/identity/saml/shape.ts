import { SamlRefusal } from './refusal.ts';
import { attributeOf, childrenOf, descendantsOf, elementsIn, ns, onlyChild } from './xml.ts';

const SHA2 = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const RSA = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
];
const CANONICAL = [
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
];
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
/** What a signature may be made of. */
const PARTS = new Set(['SignedInfo', 'SignatureValue', 'KeyInfo']);

/**
 * Holds an answer to the one shape that has one meaning: a response with one assertion in it, each signed by a signature of
 * its own directly in it, if at all, and the assertion in any case. So what is signed cannot be moved aside and another thing
 * be read in its place (signature wrapping). Says nothing about whether a signature is right. @throws SamlRefusal
 */
export function assertShape(response: Element): void {
  if (response.localName !== 'Response' || response.namespaceURI !== ns.protocol)
    throw new SamlRefusal('no Response');
  if (childrenOf(response, ns.assertion, 'EncryptedAssertion').length > 0)
    throw new SamlRefusal('encrypted assertion');
  const assertion = onlyChild(response, ns.assertion, 'Assertion');
  const all = descendantsOf(response);
  const named = (name: string) => all.filter(one => one.localName === name);
  if (named('Assertion').length !== 1) throw new SamlRefusal('several Assertion');
  if (named('Response').length !== 1) throw new SamlRefusal('several Response');
  assertUniqueIds(all);
  const signatures = named('Signature');
  for (const signature of signatures) {
    const parent = signature.parentNode;
    if (signature.namespaceURI !== ns.signature || (parent !== response && parent !== assertion))
      throw new SamlRefusal('misplaced Signature');
  }
  const own = childrenOf(response, ns.signature, 'Signature');
  if (own.length > 1) throw new SamlRefusal('several Signature');
  for (const signature of own) assertSignature(signature, response);
  assertSignature(onlyChild(assertion, ns.signature, 'Signature'), assertion);
}

function assertUniqueIds(all: readonly Element[]): void {
  const ids = all.flatMap(element =>
    [...Array(element.attributes.length).keys()].flatMap(index => {
      const attribute = element.attributes.item(index);
      return attribute?.localName?.toLowerCase() === 'id' ? [attribute.value] : [];
    }),
  );
  if (new Set(ids).size !== ids.length) throw new SamlRefusal('an ID twice');
}

/** A signature must cover the element that it lies in, and nothing else, by methods that hold. */
function assertSignature(signature: Element, signed: Element): void {
  const info = onlyChild(signature, ns.signature, 'SignedInfo');
  onlyChild(signature, ns.signature, 'SignatureValue');
  if (elementsIn(signature).some(one => one.namespaceURI !== ns.signature || !PARTS.has(one.localName)))
    throw new SamlRefusal('more in a Signature');
  const reference = onlyChild(info, ns.signature, 'Reference');
  const id = attributeOf(signed, 'ID') ?? '';
  if (!/^[\w.-]{1,256}$/.test(id) || attributeOf(reference, 'URI') !== `#${id}`)
    throw new SamlRefusal('a Signature of another element');
  assertMethod(onlyChild(info, ns.signature, 'CanonicalizationMethod'), CANONICAL);
  assertMethod(onlyChild(info, ns.signature, 'SignatureMethod'), RSA);
  assertMethod(onlyChild(reference, ns.signature, 'DigestMethod'), SHA2);
  onlyChild(reference, ns.signature, 'DigestValue');
  const transforms = childrenOf(onlyChild(reference, ns.signature, 'Transforms'), ns.signature, 'Transform');
  if (transforms.length > 2) throw new SamlRefusal('too many Transform');
  for (const transform of transforms) assertMethod(transform, [ENVELOPED, ...CANONICAL]);
}

function assertMethod(element: Element, allowed: readonly string[]): void {
  const algorithm = attributeOf(element, 'Algorithm') ?? '';
  if (!allowed.includes(algorithm))
    throw new SamlRefusal(`${element.localName} ${algorithm.slice(0, 100)} is not allowed`);
}
