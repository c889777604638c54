import type { RuleId } from '@glacis/contract';
import { defineScanner, type FindingObservation, type HttpResponse } from '@glacis/engine';
import { z } from 'zod';
import { adminPaths, commonFolders, exposedFiles, listingTitle } from './data/exposures.ts';
import { eachAsset, mapBounded } from './parts/each-asset.ts';
import { parsePage } from './parts/page.ts';
import { comparableBody, fetchStartPage, headerOf, impossiblePath, isHtml, textOf } from './parts/site.ts';

const MAX_FOLDERS = 20;
const AT_ONCE = 6;
const PROOF_BYTES = 4096;

export default defineScanner({
  id: 'exposed-files',
  title: 'Exposed files',
  description:
    'Looks for repositories, environment files, folder listings and administration panels, and believes contents rather than status codes.',
  consumes: ['website'],
  produces: [],
  reports: ['http.exposed-git', 'http.exposed-env', 'http.directory-listing', 'http.admin-panel'],
  mode: 'active',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(500).max(60_000).default(8000) }),
  batchSize: 10,
  timeoutMs: 300_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 6, limitMs: 90_000, signal: context.signal }, async function* (website) {
      const { http, options } = context;
      const limits = { timeoutMs: options.timeoutMs, maxBodyBytes: 64 * 1024 };
      const get = (path: string) => http.request({ url: website.key + path, ...limits });
      const fixed = [...exposedFiles, ...adminPaths].map(({ path }) => path);
      const [start, nowhere, ...early] = await Promise.all([
        fetchStartPage(http, website.key, limits),
        get(impossiblePath()),
        ...[...fixed, ...commonFolders].map(get),
      ]);
      if (start.leadsTo && nowhere.status >= 300 && nowhere.status < 400)
        return { outcome: 'looked', detail: `every path leads to ${start.leadsTo.origin}` };
      const answers = new Map([...fixed, ...commonFolders].map((path, index) => [path, early[index]]));
      answers.set('/', start.first);
      const more = foldersOf(start.final, website.key).filter(folder => !answers.has(folder));
      for (const [index, answer] of (await mapBounded(more, AT_ONCE, get)).entries())
        answers.set(more[index] ?? '/', answer);
      const found = (ruleId: RuleId, path: string, text: string): FindingObservation => ({
        type: 'finding',
        ruleId,
        asset: { kind: 'website', key: website.key },
        parameter: path,
        confidence: 'confirmed',
        evidence: [{ label: `GET ${path}`, text }],
      });
      const proven = new Set<RuleId>();
      for (const { path, ruleId, proof } of exposedFiles) {
        const answer = answers.get(path);
        if (proven.has(ruleId) || answer?.status !== 200 || !proof.test(headOf(answer)) || isHtml(answer))
          continue;
        proven.add(ruleId);
        yield found(ruleId, path, masked(headOf(answer)));
      }
      for (const path of ['/', ...commonFolders, ...more]) {
        const answer = answers.get(path);
        if (answer?.status === 200 && listingTitle.test(headOf(answer)))
          yield found(
            'http.directory-listing',
            path,
            parsePage(textOf(answer)).links.slice(0, 20).join('\n'),
          );
      }
      for (const { path, sign } of adminPaths) {
        const answer = answers.get(path);
        if (!answer || !isPanel(answer, sign) || isSame(answer, nowhere) || isSame(answer, start.final))
          continue;
        yield found('http.admin-panel', path, `status ${answer.status}\n${parsePage(textOf(answer)).title}`);
      }
      return undefined;
    }),
});

function headOf(answer: HttpResponse): string {
  return answer.body.subarray(0, PROOF_BYTES).toString('utf8');
}

/** Folders of the site that its start page names, sorted. */
function foldersOf(start: HttpResponse, origin: string): string[] {
  const page = isHtml(start) ? parsePage(textOf(start)) : undefined;
  const folders = [...(page?.links ?? []), ...(page?.resources ?? []), ...(page?.scripts ?? [])].flatMap(
    link => {
      const url = URL.canParse(link, start.url) ? new URL(link, start.url) : undefined;
      return url?.origin === origin ? [url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1)] : [];
    },
  );
  return [...new Set(folders)].sort().slice(0, MAX_FOLDERS);
}

/** First lines, with the values of settings taken out: a report must not carry the secrets it warns of. */
function masked(text: string): string {
  const lines = text.split('\n').slice(0, 12);
  return lines
    .map(line => line.slice(0, 200).replace(/^((?:export )?[A-Z][A-Z0-9_]* ?=).*/, '$1…'))
    .join('\n')
    .trim();
}

function isPanel(answer: HttpResponse, sign: RegExp | undefined): boolean {
  const challenge = answer.status === 401 ? headerOf(answer, 'www-authenticate') : '';
  const text = textOf(answer);
  const asksForPassword =
    challenge !== '' ||
    (answer.status === 200 && isHtml(answer) && parsePage(text).forms.some(form => form.hasPassword));
  return asksForPassword && (!sign || sign.test(challenge + text));
}

function isSame(answer: HttpResponse, other: HttpResponse): boolean {
  return answer.status === other.status && comparableBody(answer) === comparableBody(other);
}
