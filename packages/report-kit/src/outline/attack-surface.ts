import type { AttackSurfaceData } from '../design/attack-surface.ts';
import { SEVERITIES } from '../scores/index.ts';
import type { Severity } from '../scores/index.ts';
import { escapeMarkdown } from '../text-folder/rewrite.ts';
import { inventoryChapters, restNote } from './inventory.ts';
import type { Chapter, ChartItem, Fact, OutlineBlock, ReportOutline } from './outline.ts';
import { designWords } from './words.ts';
import type { DesignWords } from './words.ts';

type Issue = AttackSurfaceData['issues'][number];

/** A fence that no run of backquotes in the text can end. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

const evidenceText = ({ label, text }: Issue['evidence'][number]): string =>
  label === '' ? fenced(text) : `${escapeMarkdown(label)}\n\n${fenced(text)}`;

function affectedBlocks(issue: Issue, data: AttackSurfaceData, words: DesignWords): OutlineBlock[] {
  if (issue.affectedTotal === 1) return [];
  const { t } = words;
  const label = t('affected');
  const isPlain = issue.affected.every(({ asset, location }) => location === '' || location === asset);
  const places: OutlineBlock = isPlain
    ? { kind: 'list', label, items: issue.affected.map(({ asset }) => asset) }
    : {
        kind: 'table',
        label,
        columns: [t('asset'), t('location')],
        rows: issue.affected.map(({ asset, location }) => [
          { text: asset, isCode: true },
          { text: location === asset ? '' : location, isCode: true },
        ]),
      };
  return [places, ...restNote(issue.affected.length, issue.affectedTotal, data, words)];
}

/** The first sentences where nobody wrote any: what was seen, and how much of it is urgent. */
function figuresInWords(data: AttackSurfaceData, { t, tn, date }: DesignWords): string {
  if (data.issues.length === 0) return t('summary.clean');
  const { hostname, service } = data.totals.assets;
  const { critical, high, medium, low, info } = data.counts;
  const seen = t('auto.seen', {
    organisation: data.organisation,
    when: date(data.startedAt),
    hosts: tn('count.hostname', hostname ?? data.inventory.hostnames.length),
    services: tn('count.service', service ?? data.inventory.services.length),
  });
  const title = data.issues[0]?.title;
  const rest =
    critical + high > 0
      ? `${tn('auto.urgent', critical + high)} ${t('auto.first', { title: title || t('unnamed') })}`
      : tn('auto.calm', medium + low + info);
  return `${seen} ${rest}`;
}

function overview(data: AttackSurfaceData, { t, number }: DesignWords): OutlineBlock {
  return {
    kind: 'table',
    label: t('findings.overview'),
    columns: [t('no'), t('finding'), t('severity'), t('affected')],
    rows: data.issues.map(issue => [
      { text: String(issue.number) },
      { text: issue.title || t('unnamed'), target: `finding-${issue.number}` },
      { text: t(`severity.${issue.severity}`), severity: issue.severity },
      { text: number(issue.affectedTotal) },
    ]),
    numbers: [0, 3],
  };
}

function issueFacts(issue: Issue, { t, tn, date }: DesignWords): Fact[] {
  const { severity, ruleId, asset, location, firstSeen, affectedTotal } = issue;
  const code = (key: string, value: string): Fact[] =>
    value === '' ? [] : [{ label: t(key), value, isCode: true }];
  return [
    { label: t('severity'), value: t(`severity.${severity}`), severity },
    ...(affectedTotal > 1
      ? [{ label: t('affected'), value: tn('count.asset', affectedTotal) }]
      : [...code('asset', asset), ...code('location', location === asset ? '' : location)]),
    ...(firstSeen === null ? [] : [{ label: t('firstSeen'), value: date(firstSeen) }]),
    ...code('rule', ruleId),
  ];
}

function issueChapter(issue: Issue, data: AttackSurfaceData, words: DesignWords): Chapter {
  const { t } = words;
  const prose = (key: string, text: string): OutlineBlock[] =>
    text === '' ? [] : [{ kind: 'markdown', label: t(key), text }];
  return {
    id: `finding-${issue.number}`,
    title: issue.title || issue.ruleId || t('unnamed'),
    blocks: [
      { kind: 'facts', facts: issueFacts(issue, words) },
      ...prose('description', issue.description),
      ...prose('impact', issue.impact),
      ...prose('advice', issue.advice),
      ...prose('evidence', issue.evidence.map(evidenceText).join('\n\n')),
      ...affectedBlocks(issue, data, words),
      ...(issue.references.length === 0
        ? []
        : [
            {
              kind: 'list',
              label: t('references'),
              items: issue.references,
              isLinked: true,
            } satisfies OutlineBlock,
          ]),
    ],
    chapters: [],
  };
}

/** The severity whose colour a risk score has, and with it the advice that stands beside it. */
function severityOfRisk(score: number): Severity & ('critical' | 'high' | 'medium' | 'low') {
  if (score >= 75) return 'critical';
  if (score >= 50) return 'high';
  return score >= 25 ? 'medium' : 'low';
}

const SERVICES_SHOWN = 4;

/** How often each reachable service occurs, most frequent first. */
function serviceItems(data: AttackSurfaceData): readonly ChartItem[] {
  if (data.serviceCounts.length > 0) return data.serviceCounts.slice(0, SERVICES_SHOWN);
  const counts = new Map<string, number>();
  for (const { name, protocol, port } of data.inventory.services) {
    const label = `${name || protocol || 'tcp'} · ${port}`;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts]
    .map(([label, value]) => ({ label, value }))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, SERVICES_SHOWN);
}

function summaryChapter(data: AttackSurfaceData, words: DesignWords): Chapter {
  const { t, number } = words;
  const score = Math.round(data.riskScore);
  const severity = severityOfRisk(data.riskScore);
  const assets = Object.entries(data.totals.assets);
  const services = serviceItems(data);
  const risk = `${score} ${t('summary.risk.of')} – ${t(`summary.risk.${severity}`)}`;
  return {
    id: 'summary',
    title: t('summary'),
    startsPage: true,
    blocks: [
      { kind: 'markdown', text: data.summary || escapeMarkdown(figuresInWords(data, words)) },
      { kind: 'facts', facts: [{ label: t('summary.risk'), value: risk, severity }] },
      {
        kind: 'chart',
        caption: `${t('summary.risk')} ${score} ${t('summary.risk.of')}`,
        items: [{ label: t('summary.risk'), value: score, severity }],
        of: 100,
      },
      {
        kind: 'chart',
        caption: t('summary.findings'),
        items: SEVERITIES.map(level => ({
          label: t(`severity.${level}`),
          value: data.counts[level],
          severity: level,
        })),
      },
      ...(services.length === 0
        ? []
        : [{ kind: 'chart', caption: t('summary.services'), items: services } satisfies OutlineBlock]),
      ...(assets.length === 0
        ? []
        : [
            {
              kind: 'facts',
              label: t('summary.exposure'),
              facts: assets.map(([kind, value]) => ({ label: t(`asset.${kind}`), value: number(value) })),
            } satisfies OutlineBlock,
          ]),
    ],
    chapters: [],
  };
}

function methodChapter(data: AttackSurfaceData, { t, number, moment }: DesignWords): Chapter {
  const from = moment(data.startedAt);
  const to = moment(data.endedAt);
  return {
    id: 'method',
    title: t('method'),
    startsPage: true,
    blocks: [
      { kind: 'markdown', text: escapeMarkdown(t('method.text', { from, to })) },
      ...(data.coverage.length === 0
        ? []
        : [
            {
              kind: 'table',
              columns: [t('scanner'), t('looked'), t('failed'), t('limited')],
              rows: data.coverage.map(row => [
                { text: row.title || row.scanner },
                ...[row.looked, row.failed, row.limited].map(count => ({ text: number(count) })),
              ]),
              numbers: [1, 2, 3],
            } satisfies OutlineBlock,
          ]),
      ...(data.notes.length === 0
        ? []
        : [
            {
              kind: 'markdown',
              label: t('notes'),
              text: data.notes.map(note => `- ${note.trim().replaceAll('\n', '\n  ')}`).join('\n'),
            } satisfies OutlineBlock,
          ]),
    ],
    chapters: [],
  };
}

/** The attack-surface report as its content alone; `labels` are those of its design. */
export function outlineAttackSurface(
  data: AttackSurfaceData,
  labels: Readonly<Record<string, string>>,
  language: string,
): ReportOutline {
  const words = designWords(labels, language);
  const { t } = words;
  const inventory = inventoryChapters(data, words);
  return {
    title: data.organisation,
    subtitle: data.title || t('cover.kind'),
    language,
    ...(data.author === '' ? {} : { author: data.author }),
    facts: [
      { label: t('cover.period'), value: words.date(data.startedAt) },
      ...(data.scope.length > 0 ? [{ label: t('cover.scope'), value: data.scope.join(', ') }] : []),
      ...(data.author === '' ? [] : [{ label: t('cover.author'), value: data.author }]),
      ...(data.classification === '' ? [] : [{ label: t('classification'), value: data.classification }]),
    ],
    chapters: [
      summaryChapter(data, words),
      {
        id: 'findings',
        title: t('findings'),
        startsPage: true,
        blocks: [
          data.issues.length === 0 ? { kind: 'markdown', text: t('findings.none') } : overview(data, words),
        ],
        chapters: data.issues.map(issue => issueChapter(issue, data, words)),
      },
      {
        id: 'inventory',
        title: t('inventory'),
        startsPage: true,
        blocks: inventory.length === 0 ? [{ kind: 'markdown', text: t('inventory.empty') }] : [],
        chapters: inventory,
      },
      methodChapter(data, words),
    ],
  };
}
