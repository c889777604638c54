import type { Design } from '../design/design.ts';
import type { Message } from '../message.ts';
import type { DocumentMetadata } from '../pdf/metadata.ts';
import type { RenderLimits } from './limits.ts';

/** What to render: a design, its data, and the pictures that the data names. */
export interface RenderJob {
  readonly design: Design;
  readonly data: unknown;
  /** Pictures by the name that templates and texts use: `assets/NAME`, `/images/name/NAME`. */
  readonly assets?: ReadonlyMap<string, Uint8Array> | undefined;
  readonly output: 'pdf' | 'html';
  /** Who prints a PDF: Chromium unless given; WeasyPrint, where it is installed, knows all of CSS paged media. */
  readonly engine?: 'chromium' | 'weasyprint' | undefined;
  /** BCP 47; the design's own when not given. */
  readonly language?: string | undefined;
  /** Encrypts the PDF with AES-256. */
  readonly password?: string | undefined;
  /** Overrides what the design takes from the data. */
  readonly metadata?: DocumentMetadata | undefined;
  /** Files to embed in the PDF, by name. */
  readonly attachments?: ReadonlyMap<string, Uint8Array> | undefined;
  /** A PDF to look at while writing: without tags and outline, which take a third of the time to print. */
  readonly isDraft?: boolean | undefined;
  readonly limits?: Partial<RenderLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The document, what was noticed, and how long each step took in milliseconds. */
export interface RenderResult {
  readonly bytes: Uint8Array;
  readonly pageCount?: number;
  readonly messages: readonly Message[];
  readonly timings: Readonly<Record<string, number>>;
}

/** The text at a dotted path of the data; undefined when there is none. */
export function textAt(data: unknown, path: string): string | undefined {
  let value: unknown = data;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === 'string' && value !== '' ? value : undefined;
}
