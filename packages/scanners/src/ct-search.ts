import { defineScanner, type Capabilities, type HttpResponse } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { outcomeOfNames, plainName, realHosts } from './parts/names.ts';

/** The service answers large queries slowly and often fails at the first try. */
const ATTEMPTS = 3;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_NAMES = 50_000;

/** An entry of crt.sh's JSON form; other fields are not needed. */
const entry = z.object({ name_value: z.string().max(100_000), common_name: z.string().max(1000).nullish() });

export default defineScanner({
  id: 'ct-search',
  title: 'Certificate transparency',
  description: 'Searches the public logs of issued certificates for host names of the domain.',
  consumes: ['domain'],
  produces: ['hostname'],
  reports: [],
  mode: 'passive',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(1000).max(120_000).default(60_000) }),
  batchSize: 1,
  timeoutMs: 300_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 1, limitMs: 290_000, signal: context.signal }, async function* (domain) {
      const { dns, scope, options } = context;
      const response = await search(context, domain.key, options.timeoutMs);
      const { names, isCut } = namesOf(response);
      const ours = [...names].filter(name => scope.isInScope(name)).sort();
      const checked = await realHosts(dns, ours.slice(0, MAX_NAMES));
      for (const name of checked.hosts) {
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from: { kind: 'domain', key: domain.key },
          relation: 'contains',
          reason: 'named in a publicly logged certificate',
        };
      }
      if (isCut || ours.length > MAX_NAMES)
        return { outcome: 'limited', detail: 'the logs hold more names than were read' };
      return outcomeOfNames(checked);
    }),
});

async function search({ http, services }: Capabilities, domain: string, timeoutMs: number) {
  const url = new URL(services.ctSearchUrl);
  url.searchParams.set('q', `%.${domain}`);
  url.searchParams.set('output', 'json');
  let detail = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      const response = await http.service({
        url: url.href,
        timeoutMs,
        maxBodyBytes: MAX_ANSWER_BYTES,
        maxRedirects: 2,
      });
      if (response.status === 200) return response;
      detail = `status ${response.status}`;
    } catch (error) {
      if (!(error instanceof EgressError) || error.code === 'cancelled' || error.code === 'out-of-scope')
        throw error;
      detail = error.message;
    }
  }
  throw new EgressError('protocol', `The certificate search at ${url.host} failed: ${detail}.`);
}

/** Names of all entries; one that cannot be read does not spoil the others. */
function namesOf(response: HttpResponse): { names: Set<string>; isCut: boolean } {
  const names = new Set<string>();
  let entries: unknown;
  try {
    entries = JSON.parse(response.body.toString('utf8'));
  } catch (error) {
    if (response.isTruncated)
      throw new EgressError('limit', 'The answer of the certificate search is too large.');
    throw new EgressError('protocol', 'The certificate search did not answer with JSON.', { cause: error });
  }
  for (const raw of Array.isArray(entries) ? entries : []) {
    const parsed = entry.safeParse(raw);
    if (!parsed.success) continue;
    for (const text of [...parsed.data.name_value.split('\n'), parsed.data.common_name ?? '']) {
      const name = text.includes('@') ? undefined : plainName(text.trim());
      if (name !== undefined) names.add(name);
    }
  }
  return { names, isCut: response.isTruncated };
}
