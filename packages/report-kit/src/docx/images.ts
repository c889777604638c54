import type { ElementContent, RootContent } from 'hast';
import { imageSize } from 'image-size';
import type { Message } from '../message.ts';
import { plainText } from '../markdown/index.ts';
import type { DocxImage } from './context.ts';

/** Gives the bytes of a picture by its address (`/images/name/x.png`); undefined when there is none. */
export type ImageSource = (address: string) => Promise<Uint8Array | undefined>;

/** Gives a diagram as a picture; undefined leaves its source as text. */
export type DiagramSource = (source: string) => Promise<Uint8Array | undefined>;

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

/** Reads all pictures; those that cannot be shown are reported. */
export async function loadImages(
  addresses: ReadonlySet<string>,
  sources: { readonly image?: ImageSource | undefined; readonly diagram?: DiagramSource | undefined },
  messages: Message[],
): Promise<Map<string, DocxImage>> {
  const images = new Map<string, DocxImage>();
  for (const address of addresses) {
    const isDiagram = address.startsWith('mermaid:');
    const bytes = isDiagram
      ? await sources.diagram?.(address.slice('mermaid:'.length))
      : (dataBytes(address) ?? (await sources.image?.(address)));
    const image = bytes ? readImage(bytes) : undefined;
    if (typeof image === 'object') images.set(address, image);
    else if (isDiagram)
      messages.push({
        level: 'info',
        code: 'diagram-as-text',
        text: 'A diagram is shown as its source, since nothing here can draw it.',
      });
    else
      messages.push({
        level: 'warning',
        code: image === undefined ? 'image-missing' : 'image-unusable',
        text: `The picture ${address.slice(0, 200)} is left out: ${image ?? 'there is no such file, so upload it or mend its name'}.`,
      });
  }
  return images;
}
