import { z } from 'zod';

/** Longer texts are cut with a mark: one hostile banner must not fill a report. */
const text = (max: number) =>
  z
    .string()
    .nullish()
    .transform(value => {
      const given = value ?? '';
      return given.length > max ? `${given.slice(0, max)} […]` : given;
    });

const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
const moment = z.iso
  .datetime({ offset: true })
  .nullish()
  .transform(value => value ?? null);
const count = z.int().min(0);

const finding = z.object({
  id: z.string().min(1).max(200),
  title: text(500),
  severity,
  ruleId: text(300),
  /** The asset it was seen on, e.g. `shop.example.com:443`. */
  asset: text(2_000),
  /** Where on the asset: a URL, a path, a DNS record. */
  location: text(4_000),
  /** Markdown. */
  description: text(50_000),
  /** Markdown. */
  impact: text(20_000),
  /** Markdown. */
  advice: text(50_000),
  /** Shown as it is, in a fixed-width font. */
  evidence: z
    .array(z.object({ label: text(300), text: text(6_000) }))
    .max(50)
    .default([]),
  references: z.array(z.string().max(2_000)).max(100).default([]),
  firstSeen: moment,
  /** How many findings of the same rule and title there are, when only some of them are given. */
  total: z.int().min(1).optional(),
});

const inventory = z.object({
  hostnames: z
    .array(
      z.object({
        name: text(500),
        addresses: z.array(z.string().max(100)).max(200).default([]),
        source: text(300),
      }),
    )
    .default([]),
  services: z
    .array(
      z.object({
        address: text(300),
        port: z.int().min(0).max(65_535),
        protocol: text(20),
        name: text(100),
        product: text(500),
      }),
    )
    .default([]),
  websites: z
    .array(
      z.object({
        url: text(4_000),
        title: text(500),
        status: z
          .int()
          .nullish()
          .transform(value => value ?? null),
        technologies: z.array(z.string().max(200)).max(200).default([]),
        /** Name of a picture in the job's assets. */
        screenshot: z
          .string()
          .max(300)
          .nullish()
          .transform(value => value ?? null),
      }),
    )
    .default([]),
  certificates: z
    .array(
      z.object({
        subject: text(1_000),
        issuer: text(1_000),
        names: z.array(z.string().max(300)).max(1_000).default([]),
        expiresAt: moment,
      }),
    )
    .default([]),
});

const EMPTY_INVENTORY = { hostnames: [], services: [], websites: [], certificates: [] };

/** A finding and the other places where the same rule says the same thing. */
export type Issue = z.output<typeof finding> & {
  readonly number: number;
  readonly affected: readonly { asset: string; location: string; firstSeen: string | null }[];
  /** All affected places, those that are not given included. */
  readonly affectedTotal: number;
};

const ORDER = severity.options;

/** Findings of the same rule, title and severity become one issue with a list of affected assets, worst first. */
function toIssues(findings: readonly z.output<typeof finding>[]): Issue[] {
  const groups = new Map<string, z.output<typeof finding>[]>();
  for (const item of findings) {
    const key = JSON.stringify([item.severity, item.ruleId, item.title]);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  const worstFirst = [...groups.values()].toSorted(
    ([a], [b]) => ORDER.indexOf(a?.severity ?? 'info') - ORDER.indexOf(b?.severity ?? 'info'),
  );
  return worstFirst.flatMap((group, index) => {
    const [first] = group;
    if (!first) return [];
    const affected = group.map(({ asset, location, firstSeen }) => ({ asset, location, firstSeen }));
    const affectedTotal = Math.max(affected.length, ...group.map(({ total }) => total ?? 0));
    return [{ ...first, number: index + 1, affected, affectedTotal }];
  });
}

/** Findings of each severity, those that are not given included. */
function countsOf(issues: readonly Issue[]): Record<z.output<typeof severity>, number> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const issue of issues) counts[issue.severity] += issue.affectedTotal;
  return counts;
}

const rowTotals = z
  .object({ hostnames: count, services: count, websites: count, certificates: count })
  .partial()
  .default({});

/** What the attack-surface design expects; times are ISO 8601 with an offset. */
export const attackSurfaceData = z
  .object({
    organisation: z.string().min(1).max(300),
    /** The kind of report, in the report's language, when empty. */
    title: z.string().max(300).default(''),
    /** `host:port` and the like of who made it; shown on the cover when given. */
    author: text(300),
    classification: text(100),
    scope: z.array(z.string().max(500)).max(1_000).default([]),
    startedAt: z.iso.datetime({ offset: true }),
    endedAt: z.iso.datetime({ offset: true }),
    totals: z.object({
      /** Asset kind → how many, e.g. `{ hostname: 12, service: 40 }`. */
      assets: z.record(z.string().max(50), count),
      severities: z.partialRecord(severity, count).default({}),
    }),
    /** 0 (nothing found) to 100. */
    riskScore: z.number().min(0).max(100),
    /** Markdown; when empty the summary is made from the figures. */
    summary: text(20_000),
    findings: z.array(finding).max(100_000),
    inventory: inventory.default(EMPTY_INVENTORY),
    /** Rows of each table when only the first of them are given; the report says so at the table. */
    rowTotals,
    /** Where to find what is not given, as a sentence: a file, a page of an application. */
    restNote: text(500),
    /** Reachable services by name, most frequent first; counted from the inventory when not given. */
    serviceCounts: z
      .array(z.object({ label: text(200), value: count }))
      .max(50)
      .optional(),
    coverage: z
      .array(
        z.object({
          scanner: z.string().max(200),
          title: text(300),
          looked: count,
          failed: count.default(0),
          limited: count.default(0),
        }),
      )
      .max(500)
      .default([]),
    /** Markdown, one note each: what the scan could not or was not allowed to look at. */
    notes: z.array(z.string().max(10_000)).max(200).default([]),
  })
  .transform(data => {
    const issues = toIssues(data.findings);
    const { hostnames, services, websites, certificates } = data.inventory;
    return {
      ...data,
      issues,
      counts: countsOf(issues),
      serviceCounts: data.serviceCounts ?? [],
      rowTotals: {
        hostnames: data.rowTotals.hostnames ?? hostnames.length,
        services: data.rowTotals.services ?? services.length,
        websites: data.rowTotals.websites ?? websites.length,
        certificates: data.rowTotals.certificates ?? certificates.length,
      },
    };
  });

/** The data as a caller gives it. */
export type AttackSurfaceInput = z.input<typeof attackSurfaceData>;

/** The data as the template sees it. */
export type AttackSurfaceData = z.output<typeof attackSurfaceData>;
