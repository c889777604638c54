import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, OperationalError } from '@glacis/foundation';
import { extract } from 'tar-stream';
import { z } from 'zod';

/** Name of the format of exports. */
export const EXPORT_FORMAT = 'glacis-tenant-export';
/** Version of the format; it grows when readers have to change. */
export const EXPORT_VERSION = 1;
const MAX_MANIFEST_BYTES = 256 * 1024 * 1024;

/** The last file of an export: what is in it, and how to tell that it is whole. */
export const exportManifest = z.object({
  format: z.literal(EXPORT_FORMAT),
  version: z.literal(EXPORT_VERSION),
  tenant: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  exportedAt: z.string(),
  tables: z.array(z.object({ name: z.string(), rows: z.number().int() })),
  files: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() })),
  problems: z.array(z.string()),
});
export type ExportManifest = z.infer<typeof exportManifest>;

/**
 * Reads an export to its end and compares every file with the manifest. `onFile` gets each file as it comes, such as the
 * lines of a table. @throws OperationalError when it is cut off, changed or not an export.
 */
export async function readTenantExport(
  source: AsyncIterable<Uint8Array>,
  onFile: (path: string, bytes: Buffer) => void = () => {},
): Promise<ExportManifest> {
  const found = new Map<string, string>();
  let manifest: ExportManifest | undefined;
  const archive = extract();
  const reading = (async () => {
    for await (const entry of archive) {
      const { name, size = 0 } = entry.header;
      if (size > MAX_MANIFEST_BYTES) throw new Error(`${name} is too large`);
      const chunks: Buffer[] = [];
      const hash = createHash('sha256');
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        hash.update(chunk);
        chunks.push(chunk);
      }
      if (manifest) throw new Error(`${name} comes after the manifest`);
      if (name === 'manifest.json') {
        manifest = exportManifest.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      } else {
        found.set(name, hash.digest('hex'));
        onFile(name, Buffer.concat(chunks));
      }
    }
  })();
  try {
    const gunzip = createGunzip();
    // The archive has its end before the checksum of the compression comes, which alone covers the padding between files.
    const checked = finished(gunzip);
    await Promise.all([reading, pipeline(Readable.from(source), gunzip, archive), checked]);
  } catch (cause) {
    throw new OperationalError('data.export-broken', `The export cannot be read: ${messageOf(cause)}.`, {
      cause,
    });
  }
  return compare(manifest, found);
}

function compare(manifest: ExportManifest | undefined, found: ReadonlyMap<string, string>): ExportManifest {
  if (!manifest)
    throw new OperationalError('data.export-broken', 'The export has no manifest: it was cut off.');
  const wrong = manifest.files.find(file => found.get(file.path) !== file.sha256);
  if (wrong) {
    throw new OperationalError(
      'data.export-broken',
      `${wrong.path} of the export is missing or was changed.`,
    );
  }
  const listed = new Set(manifest.files.map(file => file.path));
  const extra = [...found.keys()].find(path => !listed.has(path));
  if (extra) throw new OperationalError('data.export-broken', `${extra} does not belong to the export.`);
  return manifest;
}
