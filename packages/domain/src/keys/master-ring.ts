import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { keyId, newSecretKey, secretKey, UserError, type KeyRing, type RawKey } from '@glacis/foundation';

/** The master key, and how it is replaced. */
export interface MasterRing extends KeyRing {
  /** Has a new master key ready, which seals from now on; the same one until {@link finish}. @throws UserError when none was given. */
  prepare(): void;
  /** Lets go of the old one. */
  finish(): void;
  /** What the operator has to do then, as a sentence; undefined: nothing. */
  readonly afterwards: string | undefined;
}

/**
 * Reads the master key: base64 in `value`, or else the file, which is made with a fresh key when it does not exist. While it
 * is replaced there are two: `next` beside `value`, or the file with `.next` at the end of its name.
 * @throws UserError when it is not a key.
 */
export function readMasterKey(options: {
  value: string | undefined;
  next?: string | undefined;
  file: string;
}): MasterRing {
  return options.value === undefined ? fileRing(options.file) : givenRing(options.value, options.next);
}

function parseKey(text: string, where: string): RawKey {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== 32) {
    throw new UserError(
      'config.invalid',
      `${where} must hold 32 bytes in base64 (make some with: openssl rand -base64 32).`,
    );
  }
  return secretKey(bytes);
}

function givenRing(value: string, nextValue: string | undefined): MasterRing {
  const first = parseKey(value, 'GLACIS_MASTER_KEY');
  const next = nextValue === undefined ? undefined : parseKey(nextValue, 'GLACIS_MASTER_KEY_NEXT');
  return {
    current: next ?? first,
    first,
    find: id => [first, next].find(key => key && keyId(key) === id),
    refresh: () => Promise.resolve(),
    prepare: () => {
      if (next && keyId(next) !== keyId(first)) return;
      throw new UserError(
        'config.invalid',
        'The master key comes from GLACIS_MASTER_KEY. Set GLACIS_MASTER_KEY_NEXT to the new one for all processes, restart them, and rotate then.',
      );
    },
    finish: () => {},
    afterwards:
      'Now set GLACIS_MASTER_KEY to the new key, remove GLACIS_MASTER_KEY_NEXT, restart, and destroy the old key.',
  };
}

function fileRing(file: string): MasterRing {
  const nextFile = `${file}.next`;
  if (!existsSync(file)) writeKey(file);
  let seen = '';
  let [first, next]: (RawKey | undefined)[] = [];
  const look = (): void => {
    const now = `${signature(file)} ${signature(nextFile)}`;
    if (now === seen) return;
    next = readIfThere(nextFile);
    first = parseKey(readFileSync(file, 'utf8'), file);
    // When the files change while they are read, the next look reads them again.
    seen = now;
  };
  look();
  return {
    get current() {
      look();
      return next ?? first ?? parseKey('', file);
    },
    get first() {
      look();
      return first;
    },
    find: id => {
      look();
      return [first, next].find(key => key && keyId(key) === id);
    },
    refresh: () => Promise.resolve(),
    prepare: () => {
      if (!existsSync(nextFile)) writeKey(nextFile);
      look();
    },
    finish: () => {
      if (existsSync(nextFile)) renameSync(nextFile, file);
      look();
    },
    afterwards: undefined,
  };
}

/** Writes a fresh key whole or not at all. */
function writeKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, `${newSecretKey().toString('base64')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    linkSync(partial, file);
  } catch (error) {
    // Another process has just made one: that is the key.
    if (!existsSync(file)) throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

function readIfThere(file: string): RawKey | undefined {
  try {
    return parseKey(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function signature(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino}/${stat.mtimeMs}/${stat.size}` : '-';
}
