import { networkProfile } from '@glacis/foundation';
import { z } from 'zod';

const entries = z.array(z.string().max(253)).max(10_000);

/** What a scan may touch, frozen when it starts and stored with it; nothing found later widens it. */
export const scanScope = z.object({
  domains: entries,
  networks: entries,
  excluded: entries,
  allowedPrivateRanges: entries,
  profile: networkProfile,
});
export type ScanScope = z.output<typeof scanScope>;
