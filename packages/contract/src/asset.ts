import { z } from 'zod';

/** The kinds of thing an attack surface is made of. */
export const assetKinds = [
  'domain',
  'hostname',
  'ip',
  'service',
  'endpoint',
  'certificate',
  'website',
  'url',
  'technology',
  'email',
] as const;

/** One of {@link assetKinds}. */
export const assetKind = z.enum(assetKinds);
export type AssetKind = z.infer<typeof assetKind>;

/** Most bytes of JSON that one asset's attributes may take; ingest cuts what is longer. */
export const MAX_ATTRIBUTES_BYTES = 64 * 1024;

/** Attributes of an asset: JSON, with keys that depend on the kind. Later observations are merged over earlier ones. */
export const assetAttributes = z.record(z.string().max(100), z.json());
export type AssetAttributes = z.infer<typeof assetAttributes>;

/** What names an asset: its kind and its canonical key (see docs/GLOSSARY.md for the key of each kind). */
export const assetRef = z.object({ kind: assetKind, key: z.string().min(1).max(2048) });
export type AssetRef = z.infer<typeof assetRef>;

/** How one asset led to another: the verb of the edge from the first to the second. */
export const relations = [
  'contains',
  'resolves_to',
  'alias_of',
  'mail_handled_by',
  'served_by',
  'names',
  'exposes',
  'offers',
  'presents',
  'hosts',
  'links_to',
  'runs',
  'mentions',
] as const;
/** One of {@link relations}. */
export const relation = z.enum(relations);
export type Relation = z.infer<typeof relation>;
