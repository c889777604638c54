/** Byte strings: JavaScript strings whose every character is one byte (0–255), so that no byte of a body or payload is lost. */

const NON_ASCII = /[^\x00-\x7f]/;

/** The UTF-8 bytes of a text as a byte string. ASCII text is returned as it is. */
export function bytesOfText(text: string): string {
  return NON_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** A byte string read as UTF-8; invalid sequences become U+FFFD. For output only. */
export function textOfBytes(bytes: string): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** A byte string as a Buffer. */
export function bufferOfBytes(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** A Buffer as a byte string. */
export function bytesOfBuffer(buffer: Uint8Array): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString('latin1');
}
