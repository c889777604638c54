import type { RuleId } from '@glacis/contract';
import { defineScanner, type FindingObservation, type HttpResponse } from '@glacis/engine';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { fetchStartPage, headerOf, isCatchAll } from './parts/site.ts';

/** Answers of servers that are broken at the moment say nothing of the site's headers. */
const FIRST_SERVER_ERROR = 500;
const MAX_COOKIES = 50;

/** What is missing from a response; `https` rules hold for encrypted sites only. */
const checks: readonly {
  ruleId: RuleId;
  isHttpsOnly?: boolean;
  isMissing: (response: HttpResponse) => boolean;
}[] = [
  {
    ruleId: 'http.missing-hsts',
    isHttpsOnly: true,
    isMissing: response => !/max-age ?= ?"?[1-9]/i.test(headerOf(response, 'strict-transport-security')),
  },
  { ruleId: 'http.missing-csp', isMissing: response => headerOf(response, 'content-security-policy') === '' },
  {
    ruleId: 'http.missing-content-type-options',
    isMissing: response => !/nosniff/i.test(headerOf(response, 'x-content-type-options')),
  },
  {
    ruleId: 'http.missing-frame-protection',
    isMissing: response =>
      headerOf(response, 'x-frame-options') === '' &&
      !/frame-ancestors/i.test((response.headers.get('content-security-policy') ?? []).join(';')),
  },
];

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
      for (const { ruleId, isHttpsOnly, isMissing } of checks) {
        if ((isHttpsOnly && !isHttps) || !isMissing(final)) continue;
        yield finding(ruleId, asset, 'Response', `${final.url}\nstatus ${final.status}\n${shown(final)}`);
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

/** The headers for evidence, sorted; values that change with each answer are left out, so that evidence stays comparable. */
function shown(response: HttpResponse): string {
  const changing = new Set([
    'date',
    'set-cookie',
    'etag',
    'last-modified',
    'expires',
    'age',
    'content-length',
  ]);
  return [...response.headers]
    .filter(([name]) => !changing.has(name))
    .map(([name, values]) => `${name}: ${values.join(', ').slice(0, 300)}`)
    .sort()
    .slice(0, 40)
    .join('\n');
}

/** Cookies of the response, each name once, values masked: they may be sessions. */
function cookiesOf(response: HttpResponse) {
  const byName = new Map<string, { name: string; text: string; isSecure: boolean; isHttpOnly: boolean }>();
  for (const raw of (response.headers.get('set-cookie') ?? []).slice(0, MAX_COOKIES)) {
    const [pair = '', ...attributes] = raw
      .slice(0, 4096)
      .split(';')
      .map(part => part.trim());
    const name = pair.split('=', 1)[0]?.slice(0, 200) ?? '';
    if (name === '' || byName.has(name)) continue;
    const names = new Set(attributes.map(attribute => attribute.split('=', 1)[0]?.toLowerCase()));
    byName.set(name, {
      name,
      text: [`${name}=…`, ...attributes.filter(attribute => !/^expires=/i.test(attribute))].join('; '),
      isSecure: names.has('secure'),
      isHttpOnly: names.has('httponly'),
    });
  }
  return [...byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}
