import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { serveHttp } from '../test/loopback.ts';
import { OWN_TEMPLATES, openTemplates, planTemplates, startScan } from './index.ts';

const headers = z.record(z.string(), z.string()).default({});
const fixtures = z
  .array(
    z.object({
      id: z.string(),
      /** Path with query that the page lies at; every other one is missing. */
      path: z.string(),
      /** A page the template is to find something in. */
      exposed: z.string(),
      /** One much like it that is nothing to report. */
      harmless: z.string(),
      status: z.number().default(200),
      headers,
      harmlessHeaders: headers.optional(),
    }),
  )
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../test/own-template-fixtures.json'), 'utf8')));

const { templates } = openTemplates([OWN_TEMPLATES]);

describe('each of these templates finds its page, and nothing in one much like it', () => {
  for (const fixture of fixtures) {
    test(fixture.id, async () => {
      const plan = planTemplates(templates.filter(({ entry }) => entry.id === fixture.id));
      assert.equal(plan.count, 1);
      const found = async (page: string, sent: Readonly<Record<string, string>>): Promise<number> => {
        await using server = await serveHttp((request, response) => {
          if (request.url === fixture.path) response.writeHead(fixture.status, sent).end(page);
          else response.writeHead(404).end('not here');
        });
        const options = { rateLimit: 0, timeoutMs: 2000, maxHostError: 0 };
        let count = 0;
        for await (const _ of startScan(plan, [server.url], options)) count += 1;
        return count;
      };
      assert.equal(await found(fixture.exposed, fixture.headers), 1);
      assert.equal(await found(fixture.harmless, fixture.harmlessHeaders ?? fixture.headers), 0);
    });
  }
});
