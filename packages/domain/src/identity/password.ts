import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2);
/** OWASP's second recommendation for Argon2id: 19 MiB, two passes, one lane. */
const COST = { parallelism: 1, memory: 19_456, passes: 2, tagLength: 32 } as const;

/** Hashes a password with Argon2id; the result carries its parameters and salt in PHC form. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive('argon2id', { message: Buffer.from(password.normalize('NFKC')), nonce, ...COST });
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${nonce.toString('base64')}$${tag.toString('base64')}`;
}

/**
 * Whether a password fits a hash. Takes as long for a missing account (`undefined`) as for a wrong password: the same key is
 * derived. `deriveKey` lets a test see that.
 */
export async function isPassword(
  password: string,
  hash: string | undefined,
  deriveKey: typeof derive = derive,
): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/=]+)\$([\w+/=]+)$/.exec(hash ?? '');
  const [, memory, passes, parallelism, nonce, tag] = parts ?? [];
  const expected = Buffer.from(tag ?? '', 'base64');
  const actual = await deriveKey('argon2id', {
    message: Buffer.from(password.normalize('NFKC')),
    nonce: nonce ? Buffer.from(nonce, 'base64') : Buffer.alloc(16),
    memory: Number(memory ?? COST.memory),
    passes: Number(passes ?? COST.passes),
    parallelism: Number(parallelism ?? COST.parallelism),
    tagLength: COST.tagLength,
  });
  return parts !== null && expected.length === actual.length && timingSafeEqual(expected, actual);
}
