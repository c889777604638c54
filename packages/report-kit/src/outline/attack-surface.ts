import type { AttackSurfaceData } from '../design/attack-surface.ts';
import { SEVERITIES } from '../scores/index.ts';
import { escapeMarkdown } from '../text-folder/rewrite.ts';
import type { Cell, Chapter, OutlineBlock, ReportOutline } from './outline.ts';

type Issue = AttackSurfaceData['issues'][number];
type Labels = Readonly<Record<string, string>>;

const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values).reduce((whole, [name, value]) => whole.replaceAll(`{${name}}`, String(value)), text);

const cells = (...texts: readonly string[]): Cell[] => texts.map(text => ({ text }));

/** A fence that no run of backquotes in the text can end. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function affectedBlock(issue: Issue, t: (key: string) => string): OutlineBlock {
  const label = t('affected');
  const isPlain = issue.affected.every(({ asset, location }) => location === '' || location === asset);
  if (isPlain) return { kind: 'list', label, items: issue.affected.map(({ asset }) => asset) };
  const rows = issue.affected.map(({ asset, location }) => cells(asset, location === asset ? '' : location));
  return { kind: 'table', label, columns: [t('asset'), t('location')], rows };
}

/** The first sentences where nobody wrote any: what was seen, and how much of it is urgent. */
function figuresInWords(data: AttackSurfaceData, labels: Labels, language: string): string {
  const t = (key: string): string => labels[key] ?? key;
  if (data.issues.length === 0) return t('summary.clean');
  const rules = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  const tn = (key: string, count: number): string =>
    fill(labels[`${key}.${rules.select(count)}`] ?? t(`${key}.other`), { n: number.format(count) });
  const { hostname, service } = data.totals.assets;
  const { critical, high, medium, low, info } = data.counts;
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  const seen = fill(t('auto.seen'), {
    organisation: data.organisation,
    when: when.format(new Date(data.startedAt)),
    hosts: tn('count.hostname', hostname ?? data.inventory.hostnames.length),
    services: tn('count.service', service ?? data.inventory.services.length),
  });
  const title = data.issues[0]?.title;
  const rest =
    critical + high > 0
      ? `${tn('auto.urgent', critical + high)} ${fill(t('auto.first'), { title: title || t('unnamed') })}`
      : tn('auto.calm', medium + low + info);
  return `${seen} ${rest}`;
}

function overview(data: AttackSurfaceData, t: (key: string) => string): OutlineBlock {
  return {
    kind: 'table',
    label: t('findings.overview'),
    columns: [t('no'), t('finding'), t('severity'), t('affected')],
    rows: data.issues.map(issue => [
      { text: String(issue.number) },
      { text: issue.title || t('unnamed'), target: `finding-${issue.number}` },
      { text: t(`severity.${issue.severity}`), severity: issue.severity },
      { text: String(issue.affectedTotal) },
    ]),
  };
}

function issueChapter(
  issue: Issue,
  t: (key: string) => string,
  rest: (shown: number, total: number) => OutlineBlock[],
): Chapter {
  const prose = (key: string, text: string): OutlineBlock[] =>
    text === '' ? [] : [{ kind: 'markdown', label: t(key), text }];
  return {
    id: `finding-${issue.number}`,
    title: issue.title || issue.ruleId,
    blocks: [
      {
        kind: 'facts',
        facts: [
          { label: t('severity'), value: t(`severity.${issue.severity}`), severity: issue.severity },
          ...(issue.ruleId === '' ? [] : [{ label: t('rule'), value: issue.ruleId }]),
          { label: t('affected'), value: String(issue.affectedTotal) },
        ],
      },
      ...prose('description', issue.description),
      ...prose('impact', issue.impact),
      ...prose('advice', issue.advice),
      ...prose('evidence', issue.evidence.map(item => fenced(item.text)).join('\n\n')),
      affectedBlock(issue, t),
      ...rest(issue.affected.length, issue.affectedTotal),
      ...(issue.references.length === 0
        ? []
        : [{ kind: 'list', label: t('references'), items: issue.references } satisfies OutlineBlock]),
    ],
    chapters: [],
  };
}

/** The attack-surface report as its content alone; `labels` are those of its design. */
export function outlineAttackSurface(
  data: AttackSurfaceData,
  labels: Labels,
  language: string,
): ReportOutline {
  const t = (key: string): string => labels[key] ?? key;
  const rest = (shown: number, total: number): OutlineBlock[] =>
    total <= shown
      ? []
      : [{ kind: 'markdown', text: `${fill(t('rows.shown'), { shown, total })} ${data.restNote}` }];
  const { hostnames, services, websites, certificates } = data.inventory;
  const table = (key: keyof typeof data.rowTotals, columns: readonly string[], rows: Cell[][]): Chapter[] =>
    rows.length === 0
      ? []
      : [
          {
            id: key,
            title: t(key),
            blocks: [
              ...rest(rows.length, data.rowTotals[key]),
              { kind: 'table', columns: columns.map(t), rows },
            ],
            chapters: [],
          },
        ];
  const counts = SEVERITIES.map((severity): Cell[] => [
    { text: t(`severity.${severity}`), severity },
    { text: String(data.counts[severity]) },
  ]);
  return {
    title: data.organisation,
    subtitle: data.title || t('cover.kind'),
    language,
    facts: [
      { label: t('cover.period'), value: data.startedAt.slice(0, 10) },
      ...(data.scope.length > 0 ? [{ label: t('cover.scope'), value: data.scope.join(', ') }] : []),
      ...(data.author === '' ? [] : [{ label: t('cover.author'), value: data.author }]),
    ],
    chapters: [
      {
        id: 'summary',
        title: t('summary'),
        startsPage: true,
        blocks: [
          {
            kind: 'facts',
            facts: [
              { label: t('summary.risk'), value: `${Math.round(data.riskScore)} ${t('summary.risk.of')}` },
            ],
          },
          { kind: 'markdown', text: data.summary || escapeMarkdown(figuresInWords(data, labels, language)) },
          {
            kind: 'table',
            label: t('summary.findings'),
            columns: [t('severity'), t('findings')],
            rows: counts,
          },
        ],
        chapters: [],
      },
      {
        id: 'findings',
        title: t('findings'),
        startsPage: true,
        blocks: [
          data.issues.length === 0 ? { kind: 'markdown', text: t('findings.none') } : overview(data, t),
        ],
        chapters: data.issues.map(issue => issueChapter(issue, t, rest)),
      },
      {
        id: 'inventory',
        title: t('inventory'),
        startsPage: true,
        blocks: [],
        chapters: [
          ...table(
            'hostnames',
            ['hostname', 'addresses', 'source'],
            hostnames.map(row => cells(row.name, row.addresses.join(', '), row.source)),
          ),
          ...table(
            'services',
            ['address', 'port', 'service', 'product'],
            services.map(row => cells(row.address, String(row.port), row.name, row.product)),
          ),
          ...table(
            'websites',
            ['website', 'status', 'technologies'],
            websites.map(row =>
              cells(row.url, row.status === null ? '–' : String(row.status), row.technologies.join(', ')),
            ),
          ),
          ...table(
            'certificates',
            ['certificate', 'issuer', 'expires'],
            certificates.map(row => cells(row.subject, row.issuer, row.expiresAt?.slice(0, 10) ?? '')),
          ),
        ],
      },
      {
        id: 'method',
        title: t('method'),
        startsPage: true,
        blocks: [
          { kind: 'markdown', text: fill(t('method.text'), { from: data.startedAt, to: data.endedAt }) },
          {
            kind: 'table',
            columns: [t('scanner'), t('looked'), t('failed'), t('limited')],
            rows: data.coverage.map(row =>
              cells(row.title || row.scanner, String(row.looked), String(row.failed), String(row.limited)),
            ),
          },
          ...(data.notes.length === 0
            ? []
            : [{ kind: 'list', label: t('notes'), items: data.notes } satisfies OutlineBlock]),
        ],
        chapters: [],
      },
    ],
  };
}
