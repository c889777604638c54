import type { ElementContent, RootContent } from 'hast';
import { imageSize } from 'image-size';
import type { Message } from '../message.ts';
import { plainText } from '../markdown/index.ts';
import type { DocxImage } from './context.ts';

/** Gives the bytes of a picture by its address (`/images/name/x.png`); undefined when there is none. */
export type ImageSource = (address: string) => Promise<Uint8Array | undefined>;

/** A drawing as pixels and as a vector; sizes in CSS pixels. */
export interface DrawnImage {
  readonly png: Uint8Array;
  readonly svg: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Draws what Word cannot, in one go: SVG files and Mermaid diagrams. A sentence says why one cannot be drawn. */
export type DrawingSource = (
  requests: readonly { readonly kind: 'svg' | 'diagram'; readonly source: string }[],
) => Promise<readonly (DrawnImage | string)[]>;

const MAX_IMAGE_BYTES = 50 * 1024 ** 2;
const TYPES: ReadonlyMap<string, DocxImage['type']> = new Map([
  ['png', 'png'],
  ['jpg', 'jpg'],
  ['gif', 'gif'],
  ['bmp', 'bmp'],
]);

/** Reads a picture's kind and size. A sentence says why it cannot go into a document. */
export function readImage(bytes: Uint8Array): DocxImage | string {
  if (bytes.byteLength > MAX_IMAGE_BYTES) return 'it is larger than 50 MiB';
  try {
    const { type, width, height } = imageSize(bytes);
    const known = TYPES.get(type ?? '');
    if (known === undefined) return `Word does not know ${type ?? 'its kind'}: save it as PNG or JPEG`;
    if (!(width > 0 && height > 0)) return 'it has no size';
    return { bytes, type: known, widthPx: width, heightPx: height };
  } catch {
    return 'it is no picture that can be read: save it as PNG or JPEG';
  }
}

/** The addresses of all pictures and the sources of all diagrams in a tree. */
export function findImages(
  nodes: readonly (RootContent | ElementContent)[],
  into: Set<string> = new Set(),
): Set<string> {
  for (const node of nodes) {
    if (node.type !== 'element') continue;
    if (node.tagName === 'img' && typeof node.properties.src === 'string') into.add(node.properties.src);
    if (node.tagName === 'mermaid-diagram') into.add(`mermaid:${plainText(node.children)}`);
    findImages(node.children, into);
  }
  return into;
}

function dataBytes(address: string): Uint8Array | undefined {
  const match = /^data:image\/[a-z]+;base64,([A-Za-z0-9+/=\s]*)$/.exec(address);
  return match ? Buffer.from(match[1] ?? '', 'base64') : undefined;
}

const DIAGRAM = 'mermaid:';

const isSvg = (bytes: Uint8Array): boolean =>
  /^(?:\s|<\?xml|<!--|<!DOCTYPE|<svg)/i.test(
    Buffer.from(bytes.subarray(0, 100)).toString('utf8').trimStart(),
  ) && Buffer.from(bytes.subarray(0, 4_000)).toString('utf8').includes('<svg');

interface Wanted {
  readonly address: string;
  readonly kind: 'svg' | 'diagram';
  readonly source: string;
}

function reportDiagram(reason: string | undefined, source: string): Message {
  const first = source.trim().split('\n')[0]?.slice(0, 60) ?? '';
  return reason === undefined
    ? {
        level: 'info',
        code: 'diagram-as-text',
        text: 'A diagram is shown as its source, since nothing here can draw it.',
      }
    : {
        level: 'warning',
        code: 'diagram-broken',
        text: `The diagram that begins with “${first}” cannot be drawn, and its source is shown instead: ${reason}.`,
      };
}

function reportImage(address: string, reason: string | undefined): Message {
  return {
    level: 'warning',
    code: reason === undefined ? 'image-missing' : 'image-unusable',
    text: `The picture ${address.slice(0, 200)} is left out: ${reason ?? 'there is no such file, so upload it or mend its name'}.`,
  };
}

/** Reads all pictures and draws what Word cannot show by itself; those that cannot be shown are reported. */
export async function loadImages(
  addresses: ReadonlySet<string>,
  sources: { readonly image?: ImageSource | undefined; readonly draw?: DrawingSource | undefined },
  messages: Message[],
): Promise<Map<string, DocxImage>> {
  const images = new Map<string, DocxImage>();
  const wanted: Wanted[] = [];
  for (const address of addresses) {
    if (address.startsWith(DIAGRAM)) {
      wanted.push({ address, kind: 'diagram', source: address.slice(DIAGRAM.length) });
      continue;
    }
    const bytes = dataBytes(address) ?? (await sources.image?.(address));
    if (bytes && bytes.byteLength <= MAX_IMAGE_BYTES && sources.draw && isSvg(bytes)) {
      wanted.push({ address, kind: 'svg', source: Buffer.from(bytes).toString('utf8') });
      continue;
    }
    const image = bytes ? readImage(bytes) : undefined;
    if (typeof image === 'object') images.set(address, image);
    else messages.push(reportImage(address, image));
  }
  const drawings = wanted.length > 0 ? await sources.draw?.(wanted) : undefined;
  for (const [index, { address, kind, source }] of wanted.entries()) {
    const drawing = drawings?.[index];
    if (typeof drawing === 'object') {
      const { png, svg, widthPx, heightPx } = drawing;
      images.set(address, { bytes: png, type: 'png', widthPx, heightPx, vector: svg });
    } else messages.push(kind === 'diagram' ? reportDiagram(drawing, source) : reportImage(address, drawing));
  }
  return images;
}
