import type { RuleId } from '@glacis/contract';
import { defineScanner, type FindingObservation } from '@glacis/engine';
import { z } from 'zod';
import { adminPaths, commonFolders, exposedFiles, listingTitle } from './data/exposures.ts';
import { eachAsset, mapBounded } from './parts/each-asset.ts';
import { evidenceOf, foldersOf, headOf, isPanel, isSame } from './parts/exposure-proof.ts';
import { parsePage } from './parts/page.ts';
import { fetchStartPage, impossiblePath, isHtml, textOf } from './parts/site.ts';

const AT_ONCE = 6;

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
        yield found(ruleId, path, evidenceOf(headOf(answer)));
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
