import type { Capabilities, HttpResponse } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { z } from 'zod';
import { plainName } from './names.ts';

/** The service answers large queries slowly and often fails at the first try. */
const ATTEMPTS = 3;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** An entry of crt.sh's JSON form; other fields are not needed. */
const entry = z.object({ name_value: z.string().max(100_000), common_name: z.string().max(1000).nullish() });

/** Asks a search for certificates of names below the domain. @throws EgressError when it does not work. */
export async function searchLogs(
  { http }: Capabilities,
  of: { searchUrl: string; domain: string; timeoutMs: number },
) {
  const { domain, timeoutMs } = of;
  const url = new URL(of.searchUrl);
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
export function namesOf(response: HttpResponse): { names: Set<string>; isCut: boolean } {
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
