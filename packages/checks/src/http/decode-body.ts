import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';

/** A decoded body. */
export interface DecodedBody {
  readonly body: Buffer;
  /** True when the decoded size hit the limit or the data was broken. */
  readonly isTruncated: boolean;
  /** True when an encoding was removed. */
  readonly isDecoded: boolean;
}

function decoderOf(encoding: string, body: Buffer): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return ((body[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    default:
      return undefined;
  }
}

/** Runs a decoder until it ends, fails, or has given `maxSize` bytes. */
function drain(
  decoder: Transform,
  body: Buffer,
  maxSize: number,
): Promise<{ body: Buffer; isTruncated: boolean }> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (isTruncated: boolean): void => {
      decoder.removeAllListeners('data');
      decoder.destroy();
      resolve({ body: Buffer.concat(chunks, Math.min(size, maxSize)), isTruncated });
    };
    decoder.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxSize) finish(true);
    });
    decoder.once('end', () => finish(false));
    decoder.once('error', () => finish(true));
    decoder.end(body);
  });
}

/** Undoes Content-Encoding (several, last first). Broken data gives what could be decoded; bombs stop at `maxSize` bytes. */
export async function decodeBody(
  body: Buffer,
  contentEncoding: string,
  maxSize: number,
): Promise<DecodedBody> {
  const encodings = contentEncoding.toLowerCase().split(',').map(item => item.trim()).filter(item => item !== '' && item !== 'identity'); // prettier-ignore
  let current = body;
  let isTruncated = false;
  let isDecoded = false;
  for (const encoding of encodings.slice(0, 3).reverse()) {
    const decoder = decoderOf(encoding, current);
    if (decoder === undefined || current.length === 0) break;
    const result = await drain(decoder, current, maxSize);
    if (result.body.length === 0 && result.isTruncated) break;
    current = result.body;
    isTruncated ||= result.isTruncated;
    isDecoded = true;
  }
  return { body: current, isTruncated, isDecoded };
}

const CHARSETS: Readonly<Record<string, string>> = {
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gb18030',
  'windows-1251': 'windows-1251',
};

/** Bytes decoded at a time: 10 MB at once hold the event loop for 60 ms. */
const PIECE = 1024 * 1024;

/** A body of GBK, GB18030 or windows-1251 text as UTF-8; any other as it is. `turn` is waited for between pieces. */
export async function decodeCharset(
  body: Buffer,
  contentType: string,
  turn: () => Promise<void>,
): Promise<Buffer> {
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? '';
  const known = CHARSETS[charset];
  if (known === undefined) return body;
  const decoder = new TextDecoder(known);
  const pieces: Buffer[] = [];
  for (let from = 0; from < body.length; from += PIECE) {
    if (from > 0) await turn();
    pieces.push(
      Buffer.from(decoder.decode(body.subarray(from, from + PIECE), { stream: from + PIECE < body.length })),
    );
  }
  return pieces.length === 1 ? (pieces[0] ?? body) : Buffer.concat(pieces);
}
