import { PDFDocument } from '@cantoo/pdf-lib';
import { randomBytes } from 'node:crypto';

/** Encrypts a PDF with AES-256 (revision 6): `password` opens it, and nobody holds an owner password. */
export async function encryptPdf(pdf: Uint8Array, password: string): Promise<Uint8Array> {
  const document = await PDFDocument.load(pdf, { updateMetadata: false });
  document.encrypt({
    algorithm: 'AES-256',
    userPassword: password,
    ownerPassword: randomBytes(24).toString('base64url'),
    permissions: { printing: 'highResolution', copying: true, contentAccessibility: true },
  });
  // The library encrypts streams and not texts, which readers would then decrypt into garbage: in object streams they are both.
  return document.save({ useObjectStreams: true, addDefaultPage: false, updateFieldAppearances: false });
}
