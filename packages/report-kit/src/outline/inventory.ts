import type { AttackSurfaceData } from '../design/attack-surface.ts';
import { escapeMarkdown } from '../text-folder/rewrite.ts';
import type { Cell, Chapter, OutlineBlock } from './outline.ts';
import type { DesignWords } from './words.ts';

type Inventory = AttackSurfaceData['inventory'];

const cells = (...texts: readonly string[]): Cell[] => texts.map(text => ({ text }));
const code = (text: string): Cell => ({ text, isCode: true });

function screens(websites: Inventory['websites']): OutlineBlock[] {
  const figures = websites.flatMap(({ url, screenshot }) =>
    screenshot === null
      ? []
      : [`![${escapeMarkdown(url)}](/assets/name/${encodeURIComponent(screenshot)}){width="70%"}`],
  );
  return figures.length === 0 ? [] : [{ kind: 'markdown', text: figures.join('\n\n') }];
}

function expiry(expiresAt: string | null, endedAt: string, words: DesignWords): string {
  if (expiresAt === null) return '';
  const date = words.date(expiresAt);
  return expiresAt < endedAt ? `${date} (${words.t('expired')})` : date;
}

/** A note that a table lists only the first of its rows. */
export function restNote(
  shown: number,
  total: number,
  data: AttackSurfaceData,
  words: DesignWords,
): OutlineBlock[] {
  if (total <= shown) return [];
  const text = words.t('rows.shown', { shown: words.number(shown), total: words.number(total) });
  return [{ kind: 'markdown', text: `${text} ${data.restNote}`.trim() }];
}

/** Hostnames, services, websites and certificates, a chapter each; those without rows are left out. */
export function inventoryChapters(data: AttackSurfaceData, words: DesignWords): Chapter[] {
  const { t } = words;
  const { hostnames, services, websites, certificates } = data.inventory;
  const chapter = (
    key: keyof Inventory,
    columns: readonly string[],
    rows: Cell[][],
    numbers: readonly number[] = [],
    after: OutlineBlock[] = [],
  ): Chapter[] =>
    rows.length === 0
      ? []
      : [
          {
            id: key,
            title: t(key),
            blocks: [
              ...restNote(rows.length, data.rowTotals[key], data, words),
              { kind: 'table', columns: columns.map(name => t(name)), rows, numbers },
              ...after,
            ],
            chapters: [],
          },
        ];
  return [
    ...chapter(
      'hostnames',
      ['hostname', 'addresses', 'source'],
      hostnames.map(row => [code(row.name), code(row.addresses.join(', ')), { text: row.source }]),
    ),
    ...chapter(
      'services',
      ['address', 'port', 'service', 'product'],
      services.map(({ address, port, protocol, name, product }) => [
        code(address),
        { text: protocol === '' || protocol === 'tcp' ? String(port) : `${port}/${protocol}` },
        ...cells(name, product),
      ]),
      [1],
    ),
    ...chapter(
      'websites',
      ['website', 'status', 'technologies'],
      websites.map(row => [
        code(row.url),
        { text: row.status === null ? '–' : String(row.status) },
        { text: row.technologies.join(', ') },
      ]),
      [1],
      screens(websites),
    ),
    ...chapter(
      'certificates',
      ['certificate', 'issuer', 'expires'],
      certificates.map(row => [
        code(row.subject),
        ...cells(row.issuer, expiry(row.expiresAt, data.endedAt, words)),
      ]),
    ),
  ];
}
