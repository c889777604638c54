import { decrypt, type SecretKey, type TenantId } from '@glacis/foundation';

/** What is needed to open the sealed columns of a table. */
interface RowContext {
  readonly tenant: TenantId;
  readonly table: string;
  readonly key: SecretKey;
  readonly sealed: readonly string[];
  readonly problems: string[];
}

/** Problems named in the manifest; more are only counted by their absence. */
const MAX_PROBLEMS = 1000;

/** A row as one line of JSON. Sealed columns are opened: JSON as it is, text as text, anything else as base64. */
export function exportRow(row: Readonly<Record<string, unknown>>, of: RowContext): string {
  const opened = Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      of.sealed.includes(column) && Buffer.isBuffer(value) ? open(value, column, row, of) : value,
    ]),
  );
  return JSON.stringify(opened, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

function open(
  sealed: Buffer,
  column: string,
  row: Readonly<Record<string, unknown>>,
  of: RowContext,
): unknown {
  // A ciphertext is bound to its row by the id, or by an identity that outlives it.
  for (const name of ['id', 'identity']) {
    const bound = row[name];
    if (typeof bound !== 'string') continue;
    try {
      return valueOf(decrypt(of.key, sealed, ['tenant', of.tenant, of.table, column, bound]));
    } catch {
      // The next name may be the one.
    }
  }
  if (of.problems.length < MAX_PROBLEMS) {
    of.problems.push(
      `${of.table}.${column} of ${String(row['id'])} could not be opened and is as it is stored`,
    );
  }
  return { base64: sealed.toString('base64') };
}

function valueOf(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return { base64: bytes.toString('base64') };
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
