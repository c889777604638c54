function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

/** MurmurHash3, 32 bits, seed 0, as a signed number. */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let offset = 0; offset < end; offset += 4)
    hash = (Math.imul(rotate(hash ^ mix(view.getUint32(offset, true)), 13), 5) + 0xe6546b64) | 0;
  let tail = 0;
  for (let offset = bytes.length - 1; offset >= end; offset -= 1) tail = (tail << 8) | (bytes[offset] ?? 0);
  if (bytes.length > end) hash ^= mix(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The favicon hash that internet-wide search engines use: MurmurHash3 of the base64 text in lines of 76 characters. */
export function faviconHash(icon: Buffer): number {
  const lines = icon.toString('base64').match(/.{1,76}/g) ?? [];
  return murmur3(Buffer.from(lines.map(line => `${line}\n`).join('')));
}
