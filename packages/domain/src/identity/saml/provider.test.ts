import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRsaCertificate, SamlProvider } from '@glacis/app-practice-net/testing';
import { checkSamlProvider, readMetadata } from './provider.ts';

const provider = new SamlProvider('https://idp.test');
const metadata = provider.metadata();

test('metadata gives name, address and certificates; comments and what belongs to other roles do not disturb', () => {
  const other = newRsaCertificate().certificatePem.replace(/-----.*-----|\s/g, '');
  const role = `<md:SPSSODescriptor protocolSupportEnumeration="x"><md:KeyDescriptor use="signing"><ds:X509Certificate xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${other}</ds:X509Certificate></md:KeyDescriptor></md:SPSSODescriptor>`;
  const read = readMetadata(metadata.replace('</md:EntityDescriptor>', `${role}</md:EntityDescriptor>`));
  assert.equal(read.issuer, provider.issuer);
  assert.equal(read.signOnUrl, provider.signOnUrl);
  assert.equal(read.certificates.length, 1);
});

test('a key for encryption is no key for signing, and one without a use is both', () => {
  assert.equal(readMetadata(metadata.replace(' use="signing"', '')).certificates.length, 1);
  assert.throws(() => readMetadata(metadata.replace('use="signing"', 'use="encryption"')), /no certificate/);
});

test('what describes several providers, or none, or is no such XML is refused with a reason', () => {
  const entity = metadata.slice(metadata.indexOf('<md:EntityDescriptor'));
  const several = `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${entity}${entity}</md:EntitiesDescriptor>`;
  assert.throws(() => readMetadata(several), /several/);
  assert.throws(() => readMetadata('<a/>'), /no IDPSSODescriptor/);
  assert.throws(() => readMetadata(metadata.replace('HTTP-Redirect', 'SOAP')), /HTTP-Redirect/);
  assert.throws(() => readMetadata(`<!DOCTYPE a [<!ENTITY b "c">]>${entity}`), /markup declaration/);
  assert.throws(() => readMetadata(metadata.replace('entityID', 'id')), /no entityID/);
  assert.throws(() => readMetadata('{"no": "xml"}'), /no description/);
});

test('people are sent to a provider by HTTPS, or to a private one that was named', () => {
  const of = (signOnUrl: string) => ({
    issuer: 'x',
    signOnUrl,
    certificates: [provider.certificatePem, provider.certificatePem],
  });
  const platform = { privateProviders: ['127.0.0.1:8080'] };
  assert.equal(checkSamlProvider(platform, of('https://idp.test/a')).certificates.length, 1);
  assert.equal(
    checkSamlProvider(platform, of('http://127.0.0.1:8080/a')).signOnUrl,
    'http://127.0.0.1:8080/a',
  );
  for (const url of [
    'http://idp.test/a',
    'http://127.0.0.1:8081/a',
    'https://a:b@idp.test/',
    'https://idp.test/#a',
  ])
    assert.throws(() => checkSamlProvider(platform, of(url)), /HTTPS/, url);
});
