import type { RuleId } from '@glacis/contract';
import type { HttpResponse } from '@glacis/engine';
import { headerOf } from './site.ts';

const MAX_COOKIES = 50;

/** Protections by header, and when one is missing from a response; `https` rules hold for encrypted sites only. */
export const protections: readonly {
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

/** The headers for evidence, sorted; values that change with each answer are left out, so that evidence stays comparable. */
export function headersForEvidence(response: HttpResponse): string {
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
export function cookiesOf(response: HttpResponse) {
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
