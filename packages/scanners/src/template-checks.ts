import { severity } from '@glacis/contract';
import { defineScanner, type InputAsset } from '@glacis/engine';
import { z } from 'zod';
import { findingOf } from './parts/check-finding.ts';
import { checkResolver, checkTransport } from './parts/check-reach.ts';
import { productsSeen, type Place } from './parts/check-selection.ts';
import { planFor } from './parts/check-templates.ts';
import { eachAsset } from './parts/each-asset.ts';
import { everyPathLeadsTo } from './parts/site.ts';

const word = z.string().min(1).max(100);
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_SAVED_BYTES = 16 * 1024;
/** A host that matches more templates than this is a trap; what it matched before stays. */
const MAX_MATCHED = 25;
/** Requests at a time to one website or service; how fast they follow each other is the address budget's business. */
const AT_ONCE = 8;

export default defineScanner({
  id: 'template-checks',
  title: 'Checks from templates',
  description:
    'Runs checks written as Nuclei-compatible templates, the ones that come with the platform and those of the installation, against what they are about.',
  consumes: ['website', 'service'],
  produces: [],
  reports: [],
  hasTemplates: true,
  mode: 'active',
  risk: 'safe',
  options: z.object({
    tags: z.array(word).max(100).default([]),
    excludedTags: z.array(word).max(100).default([]),
    severities: z.array(severity).max(5).default([]),
    ids: z.array(word).max(1000).default([]),
    intrusive: z.boolean().default(false),
    matchTechnologies: z.boolean().default(true),
    timeoutMs: z.number().int().min(500).max(30_000).default(8000),
    limitSeconds: z.number().int().min(5).max(280).default(120),
  }),
  batchSize: 10,
  timeoutMs: 600_000,
  run: (context, assets) => {
    const { options, signal: cancelled } = context;
    const selection = {
      tags: options.tags.map(tag => tag.toLowerCase()),
      excludedTags: options.excludedTags.map(tag => tag.toLowerCase()),
      severities: options.severities,
      ids: options.ids,
      isIntrusive: options.intrusive,
      isMatched: options.matchTechnologies,
    };
    const limitMs = options.limitSeconds * 1000;
    return eachAsset(
      assets,
      { atOnce: 5, limitMs: limitMs + 10_000, signal: cancelled },
      async function* (asset) {
        const at = placeOf(asset);
        if (!at) return { outcome: 'skipped', detail: 'the key is no place that checks are run at' };
        const { plan, rules } = await planFor(at.place, selection, context);
        if (plan.count === 0) return { outcome: 'looked', detail: 'no template is about it', rules };
        await context.stream.admit(at.host);
        const away = await everyPathLeadsTo(context.http, asset, options.timeoutMs);
        if (away !== undefined) return { outcome: 'looked', detail: `every path leads to ${away}` };
        const { startScan } = await import('@glacis/checks');
        const late = AbortSignal.timeout(limitMs);
        let trap: string | undefined;
        const transport = checkTransport(context, at.place.kind === 'service' ? at.place.port : undefined);
        const scan = startScan(plan, [at.target], {
          transport,
          dns: checkResolver(context),
          signal: AbortSignal.any([cancelled, late]),
          userAgent: context.stream.userAgent,
          timeoutMs: options.timeoutMs,
          rateLimit: 0,
          concurrency: AT_ONCE,
          payloadConcurrency: AT_ONCE,
          maxBody: MAX_BODY_BYTES,
          maxSaved: MAX_SAVED_BYTES,
          honeypotThreshold: MAX_MATCHED,
          onWarning: message => {
            if (message.includes('held to be a trap')) trap = message;
            context.log.debug({ asset: asset.key, message }, 'a check says');
          },
        });
        const seen = new Set<string>();
        for await (const result of scan) {
          const finding = findingOf(result, asset);
          const identity = `${finding?.ruleId ?? ''} ${finding?.parameter ?? ''}`;
          if (!finding || seen.has(identity)) continue;
          seen.add(identity);
          yield finding;
        }
        // A redirect to somewhere else that the guard stopped is no missing answer.
        const missing = scan.counters.errors - transport.refused();
        const detail = `${missing} of ${scan.counters.requests} requests got no answer`;
        if (late.aborted)
          return { outcome: 'limited', detail: `not finished within ${options.limitSeconds} s` };
        if (trap !== undefined) return { outcome: 'limited', detail: trap };
        if (scan.skippedHosts().some(host => host.startsWith(`${at.host}:`)))
          return { outcome: 'unreachable', detail };
        if (missing > 0) return { outcome: 'limited', detail };
        return { outcome: 'looked', rules };
      },
    );
  },
});

interface At {
  readonly place: Place;
  readonly host: string;
  /** As the engine of checks wants it. */
  readonly target: string;
}

function placeOf(asset: InputAsset): At | undefined {
  if (asset.kind === 'website') {
    if (!URL.canParse(asset.key)) return undefined;
    const { protocol, hostname } = new URL(asset.key);
    const products = new Set(productsSeen(asset));
    return {
      place: { kind: 'website', isTls: protocol === 'https:', products },
      host: hostname.replace(/^\[|\]$/g, ''),
      target: asset.key,
    };
  }
  const match = /^\[?([0-9a-f.:]{2,45})\]?:(\d{1,5})\/tcp$/.exec(asset.key);
  if (!match?.[1]) return undefined;
  return {
    place: { kind: 'service', port: Number(match[2]) },
    host: match[1],
    target: asset.key.replace(/\/tcp$/, ''),
  };
}
