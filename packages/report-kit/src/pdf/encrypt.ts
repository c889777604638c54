import { createCipheriv, createHash, randomBytes } from 'node:crypto';

const NO_VECTOR = Buffer.alloc(16);
const MAX_PASSWORD_BYTES = 127;
/** Printing in full quality, copying, and reading by assistive technology; nothing else (ISO 32000-2, table 22). */
const PERMISSIONS = 0xfffff0c0 | 4 | 16 | 512 | 2048 | 0;

/** The hash of ISO 32000-2, algorithm 2.B: made slow on purpose, and of a length that depends on its own result. */
function hardened(password: Buffer, salt: Buffer, user: Buffer): Buffer {
  let key = createHash('sha256').update(password).update(salt).update(user).digest();
  for (let round = 0, last = 0; round < 64 || last > round - 32; round++) {
    const block = Buffer.concat([password, key, user]);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(
      false,
    );
    const encrypted = cipher.update(Buffer.concat(Array.from({ length: 64 }, () => block)));
    const remainder = encrypted.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
    key = createHash(['sha256', 'sha384', 'sha512'][remainder] ?? 'sha256')
      .update(encrypted)
      .digest();
    last = encrypted.at(-1) ?? 0;
  }
  return key.subarray(0, 32);
}

const sealKey = (key: Buffer, value: Buffer): Buffer =>
  createCipheriv('aes-256-cbc', key, NO_VECTOR).setAutoPadding(false).update(value);

const hex = (bytes: Buffer): string => `<${bytes.toString('hex').toUpperCase()}>`;

/** Encrypts a document's streams with AES-256 (revision 6): `password` opens it, and nobody holds an owner password. */
export class PdfEncryption {
  /** The encryption dictionary, to be written as it is. */
  readonly dictionary: string;
  readonly #key = randomBytes(32);

  constructor(password: string) {
    const user = Buffer.from(password.normalize('NFKC'), 'utf8').subarray(0, MAX_PASSWORD_BYTES);
    const nobody = Buffer.alloc(0);
    const [userCheck, userSalt, ownerCheck, ownerSalt] = [
      randomBytes(8),
      randomBytes(8),
      randomBytes(8),
      randomBytes(8),
    ];
    const u = Buffer.concat([hardened(user, userCheck, nobody), userCheck, userSalt]);
    const ue = sealKey(hardened(user, userSalt, nobody), this.#key);
    const owner = randomBytes(32);
    const o = Buffer.concat([hardened(owner, ownerCheck, u), ownerCheck, ownerSalt]);
    const oe = sealKey(hardened(owner, ownerSalt, u), this.#key);
    const permissions = Buffer.alloc(16, 0xff);
    permissions.writeInt32LE(PERMISSIONS, 0);
    permissions.write('Tadb', 8, 'latin1');
    randomBytes(4).copy(permissions, 12);
    const sealed = createCipheriv('aes-256-ecb', this.#key, null).setAutoPadding(false).update(permissions);
    this.dictionary = `<</Filter /Standard\n/V 5\n/R 6\n/Length 256\n/CF <</StdCF <</CFM /AESV3\n/AuthEvent /DocOpen\n/Length 32>>>>\n/StmF /StdCF\n/StrF /StdCF\n/U ${hex(u)}\n/UE ${hex(ue)}\n/O ${hex(o)}\n/OE ${hex(oe)}\n/P ${PERMISSIONS}\n/Perms ${hex(sealed)}\n/EncryptMetadata true>>`;
  }

  /** A stream's bytes encrypted, with a new vector in front. */
  seal(bytes: Uint8Array): Buffer {
    const vector = randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', this.#key, vector);
    return Buffer.concat([vector, cipher.update(bytes), cipher.final()]);
  }
}
