import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { defaultPorts } from './data/ports.ts';
import { eachAsset, mapBounded } from './parts/each-asset.ts';

/** No real host offers so many of the default ports at once: they are of different systems and makers. */
const TOO_MANY_OPEN = 30;

export default defineScanner({
  id: 'tcp-ports',
  title: 'TCP ports',
  description:
    'Connects to common TCP ports of each address and reports the open ones, or that the address answers on all.',
  consumes: ['ip'],
  produces: ['service', 'ip'],
  reports: ['host.answers-on-every-port'],
  mode: 'active',
  risk: 'safe',
  options: z.object({
    ports: z
      .array(z.number().int().min(1).max(65535))
      .max(65_535)
      .default([...defaultPorts]),
    timeoutMs: z.number().int().min(100).max(10_000).default(2500),
    atOnce: z.number().int().min(1).max(100).default(24),
  }),
  batchSize: 16,
  timeoutMs: 600_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 8, limitMs: 300_000, signal: context.signal }, async function* (ip) {
      const { tcp, options } = context;
      const from = { kind: 'ip' as const, key: ip.key };
      const ports = [...new Set(options.ports)].sort((left, right) => left - right);
      const states = await mapBounded(ports, options.atOnce, port =>
        tcp.probe(ip.key, port, options.timeoutMs),
      );
      const open = ports.filter((_, index) => states[index] === 'open');
      if (open.length >= Math.max(TOO_MANY_OPEN, ports.length / 2)) {
        yield {
          type: 'finding',
          ruleId: 'host.answers-on-every-port',
          asset: from,
          confidence: 'firm',
          evidence: [{ label: 'Open ports', text: `${open.length} of ${ports.length}: ${open.join(', ')}` }],
        };
        yield {
          type: 'asset',
          asset: { ...from, attributes: { answersOnEveryPort: true } },
          from,
          reason: 'accepts connections on ports that no host uses together',
        };
        return undefined;
      }
      for (const port of open) {
        const host = ip.key.includes(':') ? `[${ip.key}]` : ip.key;
        yield {
          type: 'asset',
          asset: { kind: 'service', key: `${host}:${port}/tcp`, attributes: { port, address: ip.key } },
          from,
          relation: 'exposes',
          reason: `TCP port ${port} of ${ip.key} is open`,
        };
      }
      const isSilent = states.every(state => state === 'filtered');
      return isSilent ? { outcome: 'unreachable', detail: 'no port answered' } : undefined;
    }),
});
