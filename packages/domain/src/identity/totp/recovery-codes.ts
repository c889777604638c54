import { randomBytes } from 'node:crypto';
import { sha256 } from '@glacis/foundation';
import { sql, type PlainQuery } from '@glacis/db';
import type { ControlTransaction } from '../../tenancy/members.ts';

const CODES = 10;
/** 80 random bits: nobody guesses them, and their SHA-256 is as good as a slow hash. */
const CODE_LENGTH = 16;
/** Digits and letters without those that look alike (Crockford’s base 32). */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Replaces the recovery codes of a person and returns the new ones: they are shown once, only hashes are stored. */
export async function renewRecoveryCodes(trx: ControlTransaction, userId: string): Promise<string[]> {
  const codes = Array.from({ length: CODES }, newCode);
  await sql`delete from control.recovery_code where user_id = ${userId}`.execute(trx);
  await trx
    .insertInto('control.recovery_code')
    .values(codes.map(code => ({ user_id: userId, code_hash: hashOf(userId, code), used_at: null })))
    .execute();
  return codes;
}

/** The same, but only when the person has none: what a first second factor brings with it. */
export async function firstRecoveryCodes(trx: ControlTransaction, userId: string): Promise<string[]> {
  const { rows } = await sql`select 1 from control.recovery_code where user_id = ${userId} limit 1`.execute(
    trx,
  );
  return rows.length > 0 ? [] : renewRecoveryCodes(trx, userId);
}

/** Uses a recovery code up; false when it is none that is left. */
export async function useRecoveryCode(query: PlainQuery, userId: string, code: string): Promise<boolean> {
  const { rows } = await query(
    'update control.recovery_code set used_at = now() where user_id = $1 and code_hash = $2 and used_at is null returning 1',
    [userId, hashOf(userId, code)],
  );
  return rows.length > 0;
}

/** Whether a text has the form of a recovery code and not of a code of an app. */
export function isRecoveryCode(text: string): boolean {
  return bare(text).length === CODE_LENGTH;
}

function newCode(): string {
  const letters = [...randomBytes(CODE_LENGTH)].map(byte => ALPHABET[byte % ALPHABET.length] ?? '').join('');
  return (letters.match(/.{4}/g) ?? []).join('-');
}

/** What people read and type alike, as one spelling. */
function bare(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s-]/g, '')
    .replace(/[il]/g, '1')
    .replaceAll('o', '0')
    .replaceAll('u', 'v');
}

function hashOf(userId: string, code: string): string {
  return sha256(`recovery-code ${userId} ${bare(code)}`);
}
