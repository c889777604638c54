import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { messageOf, sha256, type SecretKey, type TenantId } from '@glacis/foundation';
import { sql, tenantSchema, type TenantTransaction } from '@glacis/db';
import { pack, type Pack } from 'tar-stream';
import type { Platform } from '../platform.ts';
import { exportRow } from './export-row.ts';
import { EXPORT_FORMAT, EXPORT_VERSION, type ExportManifest } from './export-manifest.ts';

/** Rows that are fetched and written together; a part of a table is one file of at most about this size. */
const ROWS_AT_ONCE = 500;
const PART_BYTES = 4 * 1024 * 1024;
/** A slow reader holds the snapshot open; this is the longest it may pause, ms. */
const MAX_PAUSE_MS = 15 * 60_000;

interface Column {
  table: string;
  column: string;
  type: string;
}

/**
 * Everything of a tenant as one stream: a gzipped tar with JSON lines for each table (sealed columns opened), the stored files
 * as they are, and as its last file a manifest with the SHA-256 of each. It shows one moment, and holds a few MiB in memory
 * whatever the size. What could not be opened is named in the manifest and does not end the export.
 */
export function exportTenant(platform: Platform, tenant: TenantId): Readable {
  const archive = pack();
  const gzip = createGzip();
  archive.on('error', error => gzip.destroy(error));
  gzip.on('close', () => archive.destroy());
  archive.pipe(gzip);
  writeAll(platform, tenant, archive).catch((error: unknown) => {
    platform.log.warn({ tenant, reason: messageOf(error) }, 'an export was broken off');
    archive.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  });
  return gzip;
}

async function writeAll(platform: Platform, tenant: TenantId, archive: Pack): Promise<void> {
  const key = await platform.keyOf(tenant);
  const writer = createWriter(archive);
  const about = await readAbout(platform, tenant);
  await writer.file('tenant.json', Buffer.from(`${JSON.stringify(about, undefined, 2)}\n`));
  const tables: ExportManifest['tables'] = [];
  const problems: string[] = [];
  await platform.database.inTenant(tenant, async tx => {
    await sql.raw(`set transaction isolation level repeatable read, read only`).execute(tx.sql);
    await sql.raw(`set local idle_in_transaction_session_timeout = ${MAX_PAUSE_MS}`).execute(tx.sql);
    for (const [table, columns] of await readTables(tx)) {
      const blobs: string[] = [];
      const rows = await writeTable(tx, { table, columns, key, writer, problems, blobs });
      tables.push({ name: table, rows });
      await writeBlobs(platform, { tenant, key, writer, problems, blobs });
    }
  });
  const manifest: ExportManifest = {
    format: EXPORT_FORMAT,
    version: EXPORT_VERSION,
    tenant: { id: tenant, slug: about.slug, name: about.name },
    exportedAt: new Date().toISOString(),
    tables,
    files: writer.files,
    problems,
  };
  await writer.file('manifest.json', Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
  archive.finalize();
}

/** Puts files into the archive and waits while the reader is slow. */
interface Writer {
  readonly files: ExportManifest['files'];
  file(path: string, bytes: Buffer): Promise<void>;
}

function createWriter(archive: Pack): Writer {
  const files: ExportManifest['files'] = [];
  const broken = once(archive, 'close').then(() => {
    throw new Error('the reader went away');
  });
  broken.catch(() => {});
  return {
    files,
    file: async (path, bytes) => {
      files.push({ path, bytes: bytes.byteLength, sha256: sha256(bytes) });
      const written = new Promise<void>((resolve, reject) => {
        archive.entry({ name: path, mtime: new Date(0) }, bytes, error =>
          error ? reject(error) : resolve(),
        );
      });
      await Promise.race([written, broken]);
    },
  };
}

async function readAbout({ database }: Platform, tenant: TenantId) {
  const { rows } = await sql<{
    id: string;
    slug: string;
    name: string;
    created_at: Date;
  }>`select id, slug, name, created_at from control.tenant where id = ${tenant}`.execute(database.control);
  const { rows: members } = await sql<{ id: string; email: string; name: string; role: string }>`
    select u.id, u.email, u.name, m.role from control.membership m join control.user_account u on u.id = m.user_id
    where m.tenant_id = ${tenant} order by u.email`.execute(database.control);
  const row = rows[0];
  return {
    id: tenant,
    slug: row?.slug ?? '',
    name: row?.name ?? '',
    createdAt: row?.created_at.toISOString() ?? '',
    members,
  };
}

/** The tables of the tenant's schema with their columns, whatever migrations have made. */
async function readTables(tx: TenantTransaction): Promise<ReadonlyMap<string, Column[]>> {
  const { rows } =
    await sql<Column>`select c.relname as table, a.attname as column, format_type(a.atttypid, null) as type
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = ${tenantSchema(tx.tenantId)} and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname, a.attnum`.execute(tx.sql);
  return Map.groupBy(rows, row => row.table);
}

interface TableExport {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly key: SecretKey;
  readonly writer: Writer;
  readonly problems: string[];
  /** Filled with the storage keys of files that rows name. */
  readonly blobs: string[];
}

async function writeTable(tx: TenantTransaction, of: TableExport): Promise<number> {
  const cursor = sql.id(`export_${of.table}`);
  const sealed = of.columns.filter(column => column.type === 'bytea').map(column => column.column);
  await sql`declare ${cursor} no scroll cursor for select * from ${sql.id(of.table)}`.execute(tx.sql);
  let [rows, part, lines, size] = [0, 0, [] as string[], 0];
  const flush = async (): Promise<void> => {
    part += 1;
    const name = `tables/${of.table}.${String(part).padStart(4, '0')}.jsonl`;
    await of.writer.file(name, Buffer.from(lines.join('')));
    [lines, size] = [[], 0];
  };
  for (;;) {
    const fetched = await sql<
      Record<string, unknown>
    >`fetch ${sql.raw(String(ROWS_AT_ONCE))} from ${cursor}`.execute(tx.sql);
    if (fetched.rows.length === 0) break;
    for (const row of fetched.rows) {
      if (typeof row['storage_key'] === 'string') of.blobs.push(row['storage_key']);
      const line = `${exportRow(row, { ...of, tenant: tx.tenantId, sealed })}\n`;
      lines.push(line);
      size += line.length;
      if (size >= PART_BYTES) await flush();
    }
    rows += fetched.rows.length;
  }
  if (lines.length > 0) await flush();
  await sql`close ${cursor}`.execute(tx.sql);
  return rows;
}

async function writeBlobs(
  platform: Platform,
  of: Pick<TableExport, 'key' | 'writer' | 'problems' | 'blobs'> & { tenant: TenantId },
): Promise<void> {
  for (const storageKey of of.blobs) {
    try {
      const bytes = await platform.blobs.get(of.tenant, of.key, storageKey);
      await of.writer.file(`blobs/${storageKey}`, bytes);
    } catch (error) {
      of.problems.push(`blobs/${storageKey}: ${messageOf(error)}`);
    }
  }
}
