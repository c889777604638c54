/**
 * Writes `cwe-list.generated.ts` from MITRE's catalogue as JSON (`raw/cwe-archive.json` of the npm package `cwe-sdk`).
 * Usage: node generate-cwe-list.ts ARCHIVE.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const related = z.object({
  attr: z.object({
    '@_Nature': z.string(),
    '@_CWE_ID': z.string(),
    '@_View_ID': z.string(),
    '@_Ordinal': z.string().optional(),
  }),
});
const archive = z.object({
  Weakness_Catalog: z.object({
    attr: z.object({ '@_Version': z.string(), '@_Date': z.string() }),
    Weaknesses: z.object({
      Weakness: z.array(
        z.object({
          attr: z.object({ '@_ID': z.string(), '@_Name': z.string(), '@_Status': z.string() }),
          Description: z.string(),
          Related_Weaknesses: z.object({ Related_Weakness: z.union([related, z.array(related)]) }).optional(),
        }),
      ),
    }),
  }),
});

const RESEARCH_VIEW = '1000';
const [source] = process.argv.slice(2);
if (source === undefined) {
  process.stderr.write('Usage: node generate-cwe-list.ts ARCHIVE.json\n');
  process.exit(1);
}
const { Weakness_Catalog: catalog } = archive.parse(JSON.parse(readFileSync(source, 'utf8')));
const rows = catalog.Weaknesses.Weakness.filter(({ attr }) => attr['@_Status'] !== 'Deprecated')
  .map(
    ({ attr, Description: description, Related_Weaknesses: relations }): [number, string, string, number] => {
      const parents = [relations?.Related_Weakness ?? []]
        .flat()
        .filter(({ attr: to }) => to['@_Nature'] === 'ChildOf' && to['@_View_ID'] === RESEARCH_VIEW);
      const parent = parents.find(({ attr: to }) => to['@_Ordinal'] === 'Primary') ?? parents[0];
      return [Number(attr['@_ID']), attr['@_Name'], description, Number(parent?.attr['@_CWE_ID'] ?? 0)];
    },
  )
  .sort(([a], [b]) => a - b);

const lines = rows.map(row => `  ${JSON.stringify(row)},`).join('\n');
writeFileSync(
  new URL('cwe-list.generated.ts', import.meta.url),
  `// Made by generate-cwe-list.ts from the Common Weakness Enumeration ${catalog.attr['@_Version']} (${catalog.attr['@_Date']}).
// CWE is copyright The MITRE Corporation, used and redistributed under its terms of use, https://cwe.mitre.org/about/termsofuse.html.
export const CWE_VERSION = '${catalog.attr['@_Version']}';

/** Number, name, description, number of the first parent (0 for none); sorted by number. */
export const CWE_LIST: readonly (readonly [number, string, string, number])[] = [
${lines}
];
`,
);
