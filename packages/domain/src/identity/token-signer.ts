import { decrypt, encrypt, newId, type Logger, type SecretKey } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { errors, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/** Life of an access token, seconds. */
export const ACCESS_SECONDS = 600;
/** A key signs for this long, days; tokens that it signed last are verified a day longer. */
const ROTATION_DAYS = 30;
const KEPT_DAYS = ROTATION_DAYS + 1;
/** The one algorithm; a token that names another one is refused whatever its signature. */
const ALGORITHM = 'EdDSA';
const ISSUER = 'glacis';
const AUDIENCE = 'glacis-api';
const TYPE = 'at+jwt';
/** Shortest time between two readings of the keys because of an unknown key id, ms. */
const RELOAD_MS = 5_000;
const CACHE_MS = 300_000;

/** What an access token says: whose it is, and the grant that decides what it may do. */
const claims = z.object({ sub: z.uuid(), sid: z.uuid() });
/** The claims of a valid access token. */
export type AccessClaims = z.infer<typeof claims>;

/** Signs and verifies access tokens with keys that all servers share. */
export interface TokenSigner {
  sign(of: AccessClaims): Promise<string>;
  /** The claims of a valid token; undefined for anything else. */
  verify(token: string): Promise<AccessClaims | undefined>;
}

type VerifyKey = Awaited<ReturnType<typeof importJWK>>;

interface SigningKey {
  readonly kid: string;
  readonly privateKey: VerifyKey;
  readonly createdAt: Date;
}

const publicJwk = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().max(100) });
const privateJwk = publicJwk.extend({ d: z.string().max(100) });

/**
 * Opens the signer. Its keys lie in the database, the private halves sealed with the master key; a new one is made when the
 * newest is 30 days old, or does not open with the present master key.
 */
export function createTokenSigner(database: Database, masterKey: SecretKey, log: Logger): TokenSigner {
  let signing: SigningKey | undefined;
  let known = new Map<string, VerifyKey>();
  let loadedAt = 0;

  async function load(): Promise<void> {
    loadedAt = Date.now();
    const rows = await database.control
      .selectFrom('control.signing_key')
      .select(['kid', 'public_jwk'])
      .where('created_at', '>', sql<Date>`now() - make_interval(days => ${KEPT_DAYS}::int)`)
      .orderBy('created_at', 'desc')
      .limit(100)
      .execute();
    const entries = rows.map(
      async row => [row.kid, await importJWK(publicJwk.parse(row.public_jwk), ALGORITHM)] as const,
    );
    known = new Map(await Promise.all(entries));
  }

  async function keyOf(kid: string | undefined): Promise<VerifyKey> {
    if (kid === undefined) throw new errors.JWSInvalid('no key id');
    // Forged key ids must not make a query each.
    const age = Date.now() - loadedAt;
    if (age > CACHE_MS || (!known.has(kid) && age > RELOAD_MS)) await load();
    const key = known.get(kid);
    if (!key) throw new errors.JWSInvalid('unknown key id');
    return key;
  }

  return {
    sign: async of => {
      const isOld = !signing || Date.now() - signing.createdAt.getTime() > ROTATION_DAYS * 86_400_000;
      if (isOld) {
        signing = await activeKey(database, masterKey, log);
        await load();
      }
      if (!signing) throw new errors.JWKSNoMatchingKey();
      return new SignJWT({ sid: of.sid })
        .setProtectedHeader({ alg: ALGORITHM, kid: signing.kid, typ: TYPE })
        .setSubject(of.sub)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setJti(newId())
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_SECONDS} s`)
        .sign(signing.privateKey);
    },
    verify: async token => {
      try {
        const { payload } = await jwtVerify(token, header => keyOf(header.kid), {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          requiredClaims: ['exp', 'iat', 'sub', 'sid'],
          maxTokenAge: `${ACCESS_SECONDS} s`,
        });
        return claims.safeParse(payload).data;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };
}

/** The newest key that still signs, or a new one; one server makes it, the others wait and read it. */
async function activeKey(database: Database, masterKey: SecretKey, log: Logger): Promise<SigningKey> {
  return database.control.transaction().execute(async trx => {
    await sql`select pg_advisory_xact_lock(hashtextextended('glacis signing key', 0))`.execute(trx);
    const newest = await trx
      .selectFrom('control.signing_key')
      .selectAll()
      .where('created_at', '>', sql<Date>`now() - make_interval(days => ${ROTATION_DAYS}::int)`)
      .orderBy('created_at', 'desc')
      .executeTakeFirst();
    if (newest) {
      try {
        const opened = decrypt(masterKey, newest.sealed, ['signing-key', newest.kid]);
        const jwk = privateJwk.parse(JSON.parse(opened.toString('utf8')));
        return {
          kid: newest.kid,
          privateKey: await importJWK(jwk, ALGORITHM),
          createdAt: newest.created_at,
        };
      } catch {
        log.warn({ kid: newest.kid }, 'a signing key was sealed with another master key; a new one is made');
      }
    }
    const kid = newId();
    const pair = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true });
    const jwk = privateJwk.parse(await exportJWK(pair.privateKey));
    await trx
      .insertInto('control.signing_key')
      .values({
        kid,
        public_jwk: JSON.stringify(publicJwk.parse(jwk)),
        sealed: encrypt(masterKey, Buffer.from(JSON.stringify(jwk)), ['signing-key', kid]),
      })
      .execute();
    await trx
      .deleteFrom('control.signing_key')
      .where('created_at', '<', sql<Date>`now() - make_interval(days => ${2 * KEPT_DAYS}::int)`)
      .execute();
    return { kid, privateKey: pair.privateKey, createdAt: new Date() };
  });
}
