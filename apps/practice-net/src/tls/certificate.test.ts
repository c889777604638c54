import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { it } from 'node:test';
import { issued, selfSigned } from '../world/draft.ts';
import { CertificateStore, certificateFor, covers } from './certificate.ts';

const store = new CertificateStore('seed');

it('gives the same bytes for the same seed, and others for another', () => {
  const spec = issued('a', ['a.larkspur.test']);
  assert.deepEqual(store.get(spec).der, new CertificateStore('seed').get(spec).der);
  assert.notDeepEqual(store.get(spec).der, new CertificateStore('other').get(spec).der);
  assert.deepEqual(store.authority().der, new CertificateStore('seed').authority().der);
});

it('is signed by the authority, for all its names, with the right key', () => {
  const made = store.get(issued('b', ['b.larkspur.test', '*.apps.larkspur.test']));
  const parsed = new X509Certificate(made.pem());
  const authority = new X509Certificate(store.authority().pem());
  assert.equal(parsed.verify(authority.publicKey), true);
  assert.equal(parsed.checkIssued(authority), true);
  assert.equal(authority.ca, true);
  assert.equal(parsed.subjectAltName, 'DNS:b.larkspur.test, DNS:*.apps.larkspur.test');
  assert.equal(parsed.checkPrivateKey(createPrivateKey(made.keyPem())), true);
  assert.equal(parsed.fingerprint256.replaceAll(':', '').toLowerCase(), made.fingerprint);
  assert.equal(parsed.validToDate.getTime(), made.notAfter.getTime());
});

it('can be expired and self-signed', () => {
  const parsed = new X509Certificate(store.get(selfSigned('c', ['c.larkspur.test'], true)).pem());
  assert.equal(parsed.subject, parsed.issuer);
  assert.equal(parsed.verify(parsed.publicKey), true);
  assert.ok(parsed.validToDate.getTime() < Date.parse('2026-01-01'));
});

it('gives every certificate its own key and serial number', () => {
  const made = ['d', 'e', 'f'].map(id => new X509Certificate(store.get(issued(id, [`${id}.test`])).pem()));
  assert.equal(new Set(made.map(one => one.serialNumber)).size, 3);
  assert.equal(new Set(made.map(one => one.publicKey.export({ type: 'spki', format: 'pem' }))).size, 3);
});

it('chooses by name, and falls back to the first', () => {
  const [first, second] = [issued('1', ['a.test']), issued('2', ['*.b.test'])];
  assert.equal(certificateFor([first, second], 'x.b.test'), second);
  assert.equal(certificateFor([first, second], 'nobody.test'), first);
  assert.equal(certificateFor([first, second], undefined), first);
  assert.equal(covers(['*.b.test'], 'y.x.b.test'), false);
  assert.equal(covers(['*.b.test'], 'b.test'), false);
});
