import { z } from 'zod';

const limit = z.coerce.number().int().min(1).max(10_000_000);

/**
 * Requests a minute by address, person, token and tenant; one that is left out has no limit. The defaults are far above
 * what the web app needs.
 */
export const rateLimits = z.strictObject({
  address: limit.optional(),
  user: limit.optional(),
  token: limit.optional(),
  tenant: limit.optional(),
});
export type RateLimits = z.output<typeof rateLimits>;

/** What applies without a setting. */
export const DEFAULT_RATE_LIMITS: RateLimits = { address: 12_000, user: 6000, token: 6000, tenant: 30_000 };

/** `off`, or changes to the defaults such as `user=600,token=1200`. */
export const rateLimitSetting = z
  .string()
  .max(200)
  .transform((text, context): RateLimits => {
    if (text === 'off') return {};
    const given = Object.fromEntries(
      text.split(',').map(part => {
        const [name = '', value = ''] = part.trim().split('=', 2);
        return [name, value];
      }),
    );
    const parsed = rateLimits.safeParse(given);
    if (parsed.success) return { ...DEFAULT_RATE_LIMITS, ...parsed.data };
    context.addIssue({
      code: 'custom',
      message: 'write off, or limits a minute such as user=600,token=1200',
    });
    return z.NEVER;
  });
