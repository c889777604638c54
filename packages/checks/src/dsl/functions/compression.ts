import { crc32, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { bufferOfBytes, bytesOfBuffer } from '../../bytes.ts';
import { DEFAULT_DSL_LIMITS, DslError } from '../values.ts';
import type { DslValue } from '../values.ts';
import { ANY_COUNT, define, defineText, textAt } from './signature.ts';

function decoded(work: (data: Buffer, options: { maxOutputLength: number }) => Buffer, text: string): string {
  try {
    return bytesOfBuffer(work(bufferOfBytes(text), { maxOutputLength: DEFAULT_DSL_LIMITS.maxString }));
  } catch {
    throw new DslError('the value cannot be decompressed');
  }
}

/** One entry of a ZIP file: local header with data, and its line in the central directory. */
function zipEntry(name: Buffer, content: Buffer, offset: number): { local: Buffer; central: Buffer } {
  const packed = deflateRawSync(content);
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(0, 2);
  shared.writeUInt16LE(8, 4);
  shared.writeUInt16LE(0, 6);
  shared.writeUInt16LE(33, 8);
  shared.writeUInt32LE(crc32(content), 10);
  shared.writeUInt32LE(packed.length, 14);
  shared.writeUInt32LE(content.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, name, packed]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(offset, 10);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, tail, name]);
  return { local, central };
}

/** A ZIP file of name, content, name, content … */
function zipFile(args: readonly DslValue[]): string {
  if (args.length % 2 !== 0) throw new DslError('zip needs pairs of name and content');
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (let index = 0; index < args.length; index += 2) {
    const entry = zipEntry(
      bufferOfBytes(textAt(args, index)),
      bufferOfBytes(textAt(args, index + 1)),
      offset,
    );
    locals.push(entry.local);
    centrals.push(entry.central);
    offset += entry.local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return bytesOfBuffer(Buffer.concat([...locals, directory, end]));
}

/** Compression; decompression stops at the string limit. */
export const COMPRESSION_FUNCTIONS = [
  defineText('gzip', 1, (text = '') => bytesOfBuffer(gzipSync(bufferOfBytes(text)))),
  defineText('gzip_decode', 1, (text = '') => decoded(gunzipSync, text)),
  defineText('zlib', 1, (text = '') => bytesOfBuffer(deflateSync(bufferOfBytes(text)))),
  defineText('zlib_decode', 1, (text = '') => decoded(inflateSync, text)),
  defineText('deflate', 1, (text = '') => bytesOfBuffer(deflateSync(bufferOfBytes(text)))),
  defineText('inflate', 1, (text = '') => decoded(inflateSync, text)),
  define('zip', 2, ANY_COUNT, zipFile),
];
