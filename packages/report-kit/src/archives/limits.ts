/** What an archive may cost; reaching a limit refuses the archive. */
export interface ArchiveLimits {
  /** Of the archive as it comes in. */
  readonly compressedBytes: number;
  /** Of all members together, unpacked. */
  readonly totalBytes: number;
  readonly fileBytes: number;
  /** Of one JSON member, which is read into memory. */
  readonly jsonBytes: number;
  readonly members: number;
  /** Unpacked to packed, looked at from 64 MiB unpacked on. */
  readonly ratio: number;
}

const MIB = 1024 ** 2;

/** Limits that hold when the caller sets none. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  compressedBytes: 2048 * MIB,
  totalBytes: 4096 * MIB,
  fileBytes: 2048 * MIB,
  jsonBytes: 256 * MIB,
  members: 100_000,
  ratio: 200,
};

/** Below this an archive cannot hurt, however well it is packed. */
export const RATIO_FROM_BYTES = 64 * MIB;

/** Bytes in words: `12 MiB`. */
export function sizeInWords(bytes: number): string {
  return bytes >= MIB ? `${Math.round(bytes / MIB)} MiB` : `${Math.max(1, Math.round(bytes / 1024))} KiB`;
}
