import { closeSync, openSync, writeSync } from 'node:fs';
import { auditExportQuery, auditQuery, type AuditRecordView } from '@glacis/contract';
import { exportHeader, exportLine, readAudit, searchAudit, verifyChain, type Platform } from '@glacis/domain';
import { tenantId, type TenantId } from '@glacis/foundation';
import { commandLineOrigin, tenantOfSlug } from './acting.ts';
import { joinRunning } from './running.ts';
import { parseCommand, UsageError } from './usage.ts';

type Say = (line: string) => void;

const FILTERS = {
  tenant: { type: 'string' },
  actor: { type: 'string' },
  action: { type: 'string' },
  outcome: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  search: { type: 'string' },
} as const;

/** `glacis audit verify|list|export`. Returns the exit code: 1 when a chain is broken. */
export async function audit(args: readonly string[], say: Say): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case 'verify':
      return verify(rest, say);
    case 'list':
      return list(rest, say);
    case 'export':
      return exportTo(rest, say);
    default:
      throw new UsageError('Say what to do with the audit log: glacis audit verify, list or export.');
  }
}

async function verify(args: readonly string[], say: Say): Promise<number> {
  const { values } = parseCommand({
    args: [...args],
    options: { tenant: { type: 'string' }, head: { type: 'string' } },
  });
  const noted = values.head === undefined ? undefined : parseHead(values.head);
  if (noted && values.tenant === undefined)
    throw new UsageError('Name the tenant that the head belongs to: --tenant SLUG --head NUMBER:HASH');
  const { platform } = await joinRunning();
  try {
    let isIntact = true;
    for (const chain of await chainsOf(platform, values.tenant)) {
      const result = await verifyChain(platform.database, chain.tenant, noted);
      isIntact &&= result.isIntact;
      const end = `${result.head.seq}:${result.head.hash}`;
      say(
        result.problem === null
          ? `intact   ${chain.name}   ${result.records} records   head ${end}`
          : `BROKEN   ${chain.name}   at record ${result.problem.seq}: ${result.problem.what}`,
      );
    }
    return isIntact ? 0 : 1;
  } finally {
    await platform.close();
  }
}

function parseHead(text: string): { seq: number; hash: string } {
  const [, seq = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === '') throw new UsageError('--head takes what verify printed before: NUMBER:HASH');
  return { seq: Number(seq), hash };
}

async function chainsOf(
  platform: Platform,
  slug: string | undefined,
): Promise<{ name: string; tenant: TenantId | undefined }[]> {
  if (slug !== undefined) return [{ name: slug, tenant: await tenantOfSlug(platform, slug) }];
  const tenants = await platform.database.control
    .selectFrom('control.tenant')
    .select(['id', 'slug'])
    .orderBy('slug')
    .execute();
  return [
    { name: '(platform)', tenant: undefined },
    ...tenants.map(row => ({ name: row.slug, tenant: tenantId(row.id) })),
  ];
}

/** What a filter of the command line asks for, in the words of the API. */
function filterOf(values: Partial<Record<keyof typeof FILTERS, string>>): Record<string, string> {
  const { tenant: _, search, ...rest } = values;
  return { ...rest, ...(search === undefined ? {} : { q: search }) };
}

async function list(args: readonly string[], say: Say): Promise<number> {
  const { values } = parseCommand({ args: [...args], options: { ...FILTERS, limit: { type: 'string' } } });
  const { limit = '50', ...filter } = values;
  const query = auditQuery.safeParse({ ...filterOf(filter), pageSize: limit });
  if (!query.success) throw new UsageError(`--${sentenceOf(query.error.issues[0])}`);
  const { platform } = await joinRunning();
  try {
    const tenant = values.tenant === undefined ? undefined : await tenantOfSlug(platform, values.tenant);
    const { items, total } = await searchAudit(platform.database, tenant, query.data);
    for (const item of items.toReversed()) say(lineOf(item));
    if (total > items.length) say(`… the last ${items.length} of ${total}; --limit shows up to 200`);
    return 0;
  } finally {
    await platform.close();
  }
}

function sentenceOf(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const name = String(issue?.path[0] ?? '');
  return `${name === 'pageSize' ? 'limit' : name === 'q' ? 'search' : name}: ${issue?.message ?? ''}`;
}

function lineOf(item: AuditRecordView): string {
  const actor = item.actor.name || item.actor.id || item.actor.kind;
  const subject = item.subject ? `${item.subject.kind} ${item.subject.id}` : '';
  const end = item.code === null ? item.outcome : `${item.outcome} (${item.code})`;
  const times = item.count > 1 ? `${item.count} times` : '';
  return [item.seq, item.at, actor, item.address ?? item.via, item.action, subject, end, times]
    .filter(part => part !== '')
    .join('  ')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

async function exportTo(args: readonly string[], say: Say): Promise<number> {
  const { values } = parseCommand({
    args: [...args],
    options: { ...FILTERS, format: { type: 'string' }, out: { type: 'string' } },
  });
  const { format: form, out, ...filterValues } = values;
  const query = auditExportQuery.safeParse({
    ...filterOf(filterValues),
    ...(form === undefined ? {} : { format: form }),
  });
  if (!query.success) throw new UsageError(`--${sentenceOf(query.error.issues[0])}`);
  const { format, ...filter } = query.data;
  const { platform } = await joinRunning();
  try {
    const tenant = values.tenant === undefined ? undefined : await tenantOfSlug(platform, values.tenant);
    const count = await platform.audit.audited(
      { tenantId: tenant, origin: commandLineOrigin(), action: 'audit.export' },
      () => writeExport(platform, tenant, { format, filter, out }),
    );
    if (out !== undefined) say(`${count} records   ${out}`);
    return 0;
  } finally {
    await platform.close();
  }
}

async function writeExport(
  platform: Platform,
  tenant: TenantId | undefined,
  of: {
    format: 'jsonl' | 'csv';
    filter: Parameters<typeof readAudit>[2];
    out: string | undefined;
  },
): Promise<number> {
  const file = of.out === undefined ? process.stdout.fd : openSync(of.out, 'w', 0o600);
  let count = 0;
  try {
    writeSync(file, exportHeader(of.format));
    for await (const records of readAudit(platform.database, tenant, of.filter)) {
      writeSync(file, records.map(record => exportLine(record, of.format)).join(''));
      count += records.length;
    }
  } finally {
    if (of.out !== undefined) closeSync(file);
  }
  return count;
}
