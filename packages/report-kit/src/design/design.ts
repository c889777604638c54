import { z } from 'zod';
import type { DesignFields } from './fields.ts';

/** A size limit for a design's text files, in characters; a real design has some 50,000. */
const MAX_TEXT = 2_000_000;

/** `design.json` of a design's folder. */
export const designManifest = z.strictObject({
  format: z.literal('report-kit/design/v1'),
  name: z.string().min(1).max(200),
  description: z.string().max(2_000).default(''),
  language: z.string().min(2).max(35).default('en'),
  /** Name of the shape of data that the template expects, for people and tools. */
  data: z.string().max(100).default(''),
  /** Path in the data that becomes the document's title, e.g. `report.title`. */
  title: z.string().max(200).default('title'),
  /** Path in the data that becomes the document's author. */
  author: z.string().max(200).default(''),
  /** Ids of the finding fields that Word and Markdown show; all without it. */
  content_finding_fields: z.array(z.string().max(255)).max(500).optional(),
});

/** A design ready to render: everything is text or bytes in memory, no path is read later. */
export interface Design {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly language: string;
  readonly data: string;
  readonly titlePath: string;
  readonly authorPath: string;
  readonly template: string;
  readonly style: string;
  /** Component name → template; the first line may declare attributes: `<!-- props: finding, number -->`. */
  readonly partials: Readonly<Record<string, string>>;
  /** Language → key → text; a language falls back to its base, then to the design's own. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly assets: ReadonlyMap<string, Uint8Array>;
  /** What a project of the design holds; undefined when the design does not say. */
  readonly fields?: DesignFields | undefined;
  /** Ids of the finding fields that outputs without pages show; all without it. */
  readonly contentFindingFields?: readonly string[] | undefined;
  /** Data to try the design with, as its `sample.json`. */
  readonly sample: unknown;
}

/** One language's labels: flat keys, so that a missing one is found by name. */
export const labelTable = z.record(z.string().max(100), z.string().max(5_000));

/** The bounds of a template, style sheet or partial. */
export const designText = z.string().max(MAX_TEXT);

/** Puts labels in place of `label('key')` in a style sheet, for texts in the margins of pages; unknown ones stay empty. */
export function labelledStyle(style: string, labels: Readonly<Record<string, string>>): string {
  return style.replaceAll(/\blabel\(\s*(['"])([\w.-]{1,100})\1\s*\)/g, (_all, _quote, key: string) =>
    JSON.stringify(labels[key] ?? ''),
  );
}

/** The labels for `language`: the design's own language first, then overlaid with base and region. */
export function labelsFor(design: Design, language: string): Record<string, string> {
  const base = language.split('-')[0] ?? language;
  return { ...design.labels[design.language], ...design.labels[base], ...design.labels[language] };
}
