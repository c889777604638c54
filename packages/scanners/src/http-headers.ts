import type { RuleId } from '@glacis/contract';
import { defineScanner, type FindingObservation } from '@glacis/engine';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { cookiesOf, headersForEvidence, protections } from './parts/protections.ts';
import { fetchStartPage, isCatchAll } from './parts/site.ts';

/** Answers of servers that are broken at the moment say nothing of the site's headers. */
const FIRST_SERVER_ERROR = 500;

export default defineScanner({
  id: 'http-headers',
  title: 'Security headers and cookies',
  description: 'Looks at the start page’s headers and cookies and reports missing protections.',
  consumes: ['website'],
  produces: [],
  reports: [
    'http.missing-hsts',
    'http.missing-csp',
    'http.missing-content-type-options',
    'http.missing-frame-protection',
    'http.cookie-without-secure',
    'http.cookie-without-httponly',
  ],
  mode: 'active',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(500).max(60_000).default(8000) }),
  batchSize: 20,
  timeoutMs: 180_000,
  accepts: website => !isCatchAll(website),
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 10, limitMs: 60_000, signal: context.signal }, async function* (website) {
      const limits = { timeoutMs: context.options.timeoutMs, maxBodyBytes: 4096 };
      const { final, leadsTo } = await fetchStartPage(context.http, website.key, limits);
      if (leadsTo) return { outcome: 'looked', detail: `leads to ${leadsTo.origin}, a website of its own` };
      if (final.status >= FIRST_SERVER_ERROR)
        return { outcome: 'unreachable', detail: `the server answers with status ${final.status}` };
      const asset = { kind: 'website' as const, key: website.key };
      const isHttps = website.key.startsWith('https:');
      for (const { ruleId, isHttpsOnly, isMissing } of protections) {
        if ((isHttpsOnly && !isHttps) || !isMissing(final)) continue;
        yield finding(
          ruleId,
          asset,
          'Response',
          `${final.url}\nstatus ${final.status}\n${headersForEvidence(final)}`,
        );
      }
      for (const cookie of cookiesOf(final)) {
        const parameter = cookie.name;
        const label = 'Set-Cookie';
        if (isHttps && !cookie.isSecure)
          yield { ...finding('http.cookie-without-secure', asset, label, cookie.text), parameter };
        if (!cookie.isHttpOnly)
          yield { ...finding('http.cookie-without-httponly', asset, label, cookie.text), parameter };
      }
      return undefined;
    }),
});

function finding(
  ruleId: RuleId,
  asset: FindingObservation['asset'],
  label: string,
  text: string,
): FindingObservation {
  return { type: 'finding', ruleId, asset, confidence: 'confirmed', evidence: [{ label, text }] };
}
