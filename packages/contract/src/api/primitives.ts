import { z } from 'zod';

/** A UUID. */
export const id = z.uuid();
/** A point in time, ISO 8601 in UTC. */
export const instant = z.iso.datetime();

/** An e-mail address: at most 254 characters, at most 64 of them before the @ (RFC 5321). */
export const emailAddress = z
  .email({
    pattern: new RegExp(`^(?=[^@]{1,64}@)${z.regexes.email.source.slice(1)}`),
    error: 'Write an address like ada@example.org.',
  })
  .max(254);

/** What every failed request answers. `fields` maps JSON paths of the body or query to sentences. */
export const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    requestId: z.string(),
    fields: z.record(z.string(), z.string()).optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;

/** Path of everything inside a tenant: its slug. */
export const tenantPath = z.object({ tenant: z.string().min(2).max(63) });
/** Path of one thing inside a tenant. */
export const thingPath = tenantPath.extend({ id });

/** Paging of lists: pages count from 1. */
export const paging = z.object({
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
  /** Matches anywhere in the key or title, case does not matter. */
  q: z.string().max(200).optional(),
});

/** A page of a list with the number of all rows that match. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), total: z.number().int() });
}

/**
 * A list parameter that may come once, several times or comma-separated. The values are part of the form, so that the API's
 * own document says which there are.
 */
export function listOf<Values extends Readonly<Record<string, string>>>(item: z.ZodEnum<Values>) {
  const { options } = item;
  const one = `(?:${options.join('|')})?`;
  const error = `Write one or several of ${options.join(', ')}, separated by commas.`;
  const text = z
    .string()
    .max(2000)
    .regex(new RegExp(`^${one}(?:,${one})*$`), { error });
  const form = z.union([text, z.array(item).max(50)], { error });
  return form
    .transform(value => (Array.isArray(value) ? value : value.split(',').filter(part => part !== '')))
    .pipe(z.array(item))
    .optional();
}
