import {
  createEgress,
  createHttpClient,
  EgressError,
  redirectOf,
  type AddressBudget,
  type HttpClient,
  type HttpResponse,
  type Logger,
  type NetworkProfile,
} from '@glacis/foundation';
import { DEFAULT_USER_AGENT } from '@glacis/engine';
import { metaOfHead } from './head-meta.ts';
import type { ProofLook } from './proof-state.ts';
import { proofsOf } from './view.ts';

const MAX_FILE_BYTES = 4096;
const MAX_PAGE_BYTES = 512 * 1024;
const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 10_000;

/** Where web servers listen; other than 443 and 80 only where a network of one's own is like that. */
export interface WebPorts {
  readonly https: number;
  readonly http: number;
}

/** What a look at a web server needs. */
export interface WebLook {
  readonly domain: string;
  readonly challenge: string;
  readonly method: 'file' | 'meta';
  readonly profile: NetworkProfile;
  readonly budget: AddressBudget;
  readonly ports: WebPorts;
  readonly log: Logger;
}

/** What one answer shows. `refused`: nobody listens there, which is no obstacle to looking elsewhere. */
interface Step {
  readonly found: ProofLook['found'] | 'refused';
  readonly detail: string;
}

/**
 * Looks for the proof on the web server of the domain, by HTTPS and by HTTP, through the egress guard: private addresses
 * only where the network profile allows them. The file must come from the domain itself; the page may come from its www.
 */
export async function lookOnWeb(look: WebLook): Promise<ProofLook> {
  const stop = new AbortController();
  const egress = createEgress({
    scope: {
      domains: [look.domain],
      networks: [],
      excluded: [],
      allowedPrivateRanges: look.profile.allowedPrivateRanges,
    },
    budget: look.budget,
    profile: look.profile,
    signal: stop.signal,
    log: look.log,
  });
  const http = createHttpClient(egress, { userAgent: DEFAULT_USER_AGENT });
  try {
    const secure = await lookAt(http, look, 'https');
    if (secure.found === 'present') return { found: 'present', detail: secure.detail };
    const plain = await lookAt(http, look, 'http');
    if (plain.found === 'present') return { found: 'present', detail: plain.detail };
    const steps = [secure, plain];
    // Absent only when somebody answered without the proof and nobody else may have it.
    const isAbsent =
      steps.some(step => step.found === 'absent') && steps.every(step => step.found !== 'unknown');
    const detail = [...new Set(steps.filter(step => step.found !== 'refused').map(step => step.detail))];
    const words = (detail.length > 0 ? detail : [secure.detail]).join(' ');
    return isAbsent
      ? { found: 'absent', detail: words }
      : { found: 'unknown', detail: `${words} Nothing was changed. Try again later.` };
  } finally {
    await http.close();
    stop.abort();
  }
}

async function lookAt(http: HttpClient, look: WebLook, scheme: 'https' | 'http'): Promise<Step> {
  const proofs = proofsOf(look.domain, look.challenge);
  const start = new URL(look.method === 'file' ? proofs.file.url : proofs.meta.url);
  start.protocol = `${scheme}:`;
  const isDefault = look.ports[scheme] === (scheme === 'https' ? 443 : 80);
  if (!isDefault) start.port = String(look.ports[scheme]);
  try {
    return await follow(http, look, start);
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const detail = `${scheme.toUpperCase()} at ${look.domain} could not be asked: ${reasonOf(error, scheme)}`;
    return { found: error.code === 'refused' ? 'refused' : 'unknown', detail };
  }
}

async function follow(http: HttpClient, look: WebLook, start: URL): Promise<Step> {
  const hosts = look.method === 'file' ? [look.domain] : [look.domain, `www.${look.domain}`];
  const ports = new Set(['', String(look.ports.https), String(look.ports.http)]);
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const maxBodyBytes = look.method === 'file' ? MAX_FILE_BYTES : MAX_PAGE_BYTES;
    const response = await http.request({ url: url.href, timeoutMs: TIMEOUT_MS, maxBodyBytes });
    const next = redirectOf(response);
    if (!next) return judge(response, look);
    if (!hosts.includes(next.hostname) || !ports.has(next.port)) {
      return {
        found: 'absent',
        detail: `${url.origin} redirects to another host (${next.hostname.slice(0, 100)}), which is not followed. Answer at ${hosts.join(' or ')} itself.`,
      };
    }
    url = next;
  }
  return { found: 'absent', detail: `${start.origin} redirects more than ${MAX_REDIRECTS} times.` };
}

function judge(response: HttpResponse, look: WebLook): Step {
  const { origin, pathname } = new URL(response.url);
  const where = `${origin}${pathname}`.slice(0, 300);
  if (response.status === 429 || response.status >= 500)
    return { found: 'unknown', detail: `${where} answered with status ${response.status}.` };
  if (response.status !== 200)
    return { found: 'absent', detail: `${where} answered with status ${response.status} instead of 200.` };
  const text = response.body.toString('utf8');
  if (look.method === 'file') {
    const isThere = text.trim() === proofsOf(look.domain, look.challenge).file.content;
    return isThere
      ? { found: 'present', detail: `The file is there: ${where}.` }
      : { found: 'absent', detail: `${where} has another content. Its only line must be the given one.` };
  }
  const values = metaOfHead(text, 'glacis-verification');
  if (values.includes(look.challenge))
    return { found: 'present', detail: `The meta element is in the head of ${where}.` };
  return {
    found: 'absent',
    detail:
      values.length > 0
        ? `The meta element in the head of ${where} has another value. Compare it letter by letter.`
        : `There is no such meta element in the head of ${where}.`,
  };
}

/** The failure in words that a person can act on; what OpenSSL says goes to the log at most. */
function reasonOf(error: EgressError, scheme: 'https' | 'http'): string {
  const { code, message } = error;
  if (code === 'protocol' && scheme === 'https')
    return 'the server does not speak TLS there, or none that is understood.';
  if (code === 'protocol') return 'the answer is no HTTP.';
  if (code === 'refused') return 'nobody listens there.';
  return message.endsWith('.') ? message : `${message}.`;
}
