import { RenderError } from '../message.ts';
import { isShrunk } from '../pdf/shrink.ts';
import type { RenderLimits } from './limits.ts';
import type { PageSession } from './page-session.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

async function readStream(session: PageSession, handle: string, limits: RenderLimits): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for (let size = 0; ;) {
    const { data, base64Encoded, eof } = await session.send('IO.read', { handle, size: CHUNK_BYTES });
    const chunk = Buffer.from(String(data), base64Encoded === true ? 'base64' : 'latin1');
    size += chunk.length;
    if (size > limits.outputBytes)
      throw new RenderError(
        'output-too-large',
        `The PDF is larger than ${Math.round(limits.outputBytes / 1024 ** 2)} MB: use fewer or smaller pictures.`,
        session.messages,
      );
    chunks.push(chunk);
    if (eof === true) break;
  }
  await session.send('IO.close', { handle });
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

async function printOnce(
  session: PageSession,
  limits: RenderLimits,
  { isTagged, leadPages = 0, fromPage = 1 }: PrintKind,
): Promise<Uint8Array> {
  const { stream } = await session.send('Page.printToPDF', {
    preferCSSPageSize: true,
    printBackground: true,
    generateTaggedPDF: isTagged,
    generateDocumentOutline: isTagged,
    // One more than allowed tells that there are too many: a page that is millions of pixels high is not painted to its end.
    pageRanges: `${fromPage}-${limits.pages + leadPages + 1}`,
    transferMode: 'ReturnAsStream',
  });
  return readStream(session, String(stream), limits);
}

/** Whether a print has tags and outline, and how many pages of it, at its beginning, are left out later. */
export interface PrintKind {
  readonly isTagged: boolean;
  readonly leadPages?: number;
  /** Pages before this one (1-based, lead pages included) are laid out and not printed. */
  readonly fromPage?: number;
}

/**
 * Prints the page as it stands, and once more when a face that was needed came too late. Only the last pass needs tags and
 * outline: without them it is a third faster.
 */
export async function printPage(
  session: PageSession,
  limits: RenderLimits,
  kind: PrintKind,
): Promise<Uint8Array> {
  const bytes = await printOnce(session, limits, kind);
  const isLate = await session.call('printed', {
    isShrunk: isShrunk(bytes, (kind.fromPage ?? 1) > 1 ? 0 : (kind.leadPages ?? 0)),
  });
  return isLate === true ? printOnce(session, limits, kind) : bytes;
}
