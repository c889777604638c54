import { defineScanner, type Capabilities } from '@glacis/engine';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { anonymousFtp, openRedis } from './parts/service-access.ts';
import { talk } from './parts/service-talk.ts';

export default defineScanner({
  id: 'service-banner',
  title: 'Service banners',
  description:
    'Finds out what open ports speak (HTTP, TLS, SSH, FTP, SMTP, Redis, MySQL), product and version, and reports Redis and FTP open to all.',
  consumes: ['service'],
  produces: ['service'],
  reports: ['service.redis-unauthenticated', 'service.ftp-anonymous'],
  mode: 'active',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(200).max(10_000).default(3000) }),
  batchSize: 20,
  timeoutMs: 180_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 20, limitMs: 40_000, signal: context.signal }, async function* (service) {
      const target = parseService(service.key);
      if (!target) return { outcome: 'skipped', detail: 'the key is no address:port/tcp' };
      const asset = { kind: 'service' as const, key: service.key };
      const where = { ...target, timeoutMs: context.options.timeoutMs };
      const { isTls, ...said } = await talk(context, where);
      const access = await accessOf(context, said.protocol, where);
      const version = said.version ?? access?.version;
      yield {
        type: 'asset',
        asset: { ...asset, attributes: { ...said, tls: isTls, ...(version ? { version } : {}) } },
        from: asset,
        reason: 'what it answered',
      };
      if (access) {
        const { ruleId, evidence } = access;
        yield { type: 'finding', ruleId, asset, confidence: 'confirmed', evidence };
      }
      return said.protocol === 'unknown'
        ? { outcome: 'unreachable', detail: 'accepts connections and says nothing that is understood' }
        : undefined;
    }),
});

function parseService(key: string): { address: string; port: number } | undefined {
  const match = /^\[?([0-9a-f.:]{2,45})\]?:(\d{1,5})\/tcp$/.exec(key);
  return match?.[1] ? { address: match[1], port: Number(match[2]) } : undefined;
}

async function accessOf(
  context: Capabilities,
  protocol: string,
  where: { address: string; port: number; timeoutMs: number },
) {
  if (protocol === 'redis') return openRedis(context, where);
  if (protocol === 'ftp') return anonymousFtp(context, where);
  return undefined;
}
