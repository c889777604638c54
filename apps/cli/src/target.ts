import { createReadStream } from 'node:fs';
import { targetQuery, type ImportReport, type TargetView } from '@glacis/contract';
import {
  createTarget,
  findTarget,
  importTargets,
  listTargets,
  ownableDomain,
  readImportFile,
  verifyTarget,
  type Platform,
} from '@glacis/domain';
import { messageOf, tenantId, UserError, type TenantId } from '@glacis/foundation';
import { commandLineOrigin } from './acting.ts';
import { joinRunning } from './running.ts';
import { parseCommand, UsageError } from './usage.ts';

/** What `glacis target` was asked for. */
interface TargetOptions {
  /** A domain, or a file. */
  readonly subject: string | undefined;
  /** Short name of a tenant; left out: the first one. */
  readonly tenant: string | undefined;
  readonly method: string | undefined;
  /** Import: add the lines that are right although others are wrong. */
  readonly isValidOnly: boolean;
  /** Import: only show what would be added. */
  readonly isPreview: boolean;
  readonly isJson: boolean;
}

const PAGE_SIZE = 200;

/** Works on the targets of a tenant of the running platform. Returns the exit code. */
export async function target(args: readonly string[], say: (line: string) => void): Promise<number> {
  const [action = '', ...rest] = args;
  const act = actions[action];
  if (!act) throw new UsageError(`There is no “glacis target ${action}”. See: glacis --help`);
  const options = parse(rest);
  const { platform } = await joinRunning();
  try {
    const tenant = await tenantOf(platform, options.tenant);
    const run = (): Promise<number> => act(platform, tenant, options, say);
    if (action === 'list') return await run();
    return await platform.audit.audited(
      { tenantId: tenant, origin: commandLineOrigin(), action: `targets.${action}` },
      run,
    );
  } finally {
    await platform.close();
  }
}

type Action = (
  platform: Platform,
  tenant: TenantId,
  of: TargetOptions,
  say: (line: string) => void,
) => Promise<number>;
const actions: Readonly<Record<string, Action>> = { add, verify, list, import: importFile };

function parse(args: readonly string[]): TargetOptions {
  const { values, positionals } = parseCommand({
    args: [...args],
    allowPositionals: true,
    options: {
      tenant: { type: 'string' },
      method: { type: 'string' },
      valid: { type: 'boolean', default: false },
      preview: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [subject, ...more] = positionals;
  if (more.length > 0) throw new UsageError('Name one domain or one file. See: glacis --help');
  return {
    subject,
    tenant: values.tenant,
    method: values.method,
    isValidOnly: values.valid,
    isPreview: values.preview,
    isJson: values.json,
  };
}

async function tenantOf(platform: Platform, slug: string | undefined): Promise<TenantId> {
  const all = platform.database.control.selectFrom('control.tenant').select('id').orderBy('created_at');
  const row = await (slug === undefined ? all : all.where('slug', '=', slug)).executeTakeFirst();
  if (!row) throw new UserError('request.not-found', `There is no tenant “${slug ?? ''}”.`);
  return tenantId(row.id);
}

async function add(
  platform: Platform,
  tenant: TenantId,
  of: TargetOptions,
  say: (line: string) => void,
): Promise<number> {
  const made = await platform.database.inTenant(tenant, tx => createTarget(tx, of.subject ?? '', null));
  if (of.isJson) say(JSON.stringify(made));
  else say(`${made.domain} was added. ${howToProve(made)}`);
  return 0;
}

function howToProve({ proof }: TargetView): string {
  if (proof.state === 'proven') return proof.detail;
  return [
    'Prove that it is yours by one of these, then run glacis target verify:',
    `  DNS    ${proof.record.name}  TXT  "${proof.record.value}"`,
    `  file   ${proof.file.url}  with the line  ${proof.file.content}`,
    `  meta   in the head of ${proof.meta.url}:  ${proof.meta.element}`,
  ].join('\n');
}

async function verify(
  platform: Platform,
  tenant: TenantId,
  of: TargetOptions,
  say: (line: string) => void,
): Promise<number> {
  const within: Parameters<typeof verifyTarget>[1] = work => platform.database.inTenant(tenant, work);
  const domain = ownableDomain(of.subject ?? '');
  const known = await within(tx => findTarget(tx, domain));
  if (!known)
    throw new UserError('request.not-found', `${domain} is no target. Add it: glacis target add ${domain}`);
  const found = await verifyTarget(platform, within, known.id, methodOf(of.method));
  say(of.isJson ? JSON.stringify(found) : `${found.domain}: ${found.proof.state}. ${found.proof.detail}`);
  return found.proof.state === 'proven' ? 0 : 1;
}

function methodOf(text: string | undefined): 'dns' | 'file' | 'meta' | undefined {
  if (text === undefined || text === 'dns' || text === 'file' || text === 'meta') return text;
  throw new UserError('request.invalid', '--method is dns, file or meta.');
}

async function list(
  platform: Platform,
  tenant: TenantId,
  of: TargetOptions,
  say: (line: string) => void,
): Promise<number> {
  for (let page = 1; ; page += 1) {
    const query = targetQuery.parse({ page, pageSize: PAGE_SIZE, ...(of.subject ? { q: of.subject } : {}) });
    const { items, total } = await platform.database.inTenant(tenant, tx => listTargets(tx, query));
    for (const item of items)
      say(of.isJson ? JSON.stringify(item) : `${item.proof.state.padEnd(9)} ${item.domain}`);
    if (page * PAGE_SIZE >= total) return 0;
  }
}

async function importFile(
  platform: Platform,
  tenant: TenantId,
  of: TargetOptions,
  say: (line: string) => void,
): Promise<number> {
  if (of.subject === undefined)
    throw new UserError('request.invalid', 'Name a file, or - for standard input.');
  const file = await readImportFile(bytesOf(of.subject));
  const mode = of.isPreview ? 'preview' : of.isValidOnly ? 'valid' : 'all';
  const report = await platform.database.inTenant(tenant, tx =>
    importTargets(tx, file, { mode, userId: null }),
  );
  if (of.isJson) say(JSON.stringify(report));
  else tell(report, mode, say);
  return report.isStored || of.isPreview ? 0 : 1;
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file))
      yield chunk as Uint8Array;
  } catch (cause) {
    throw new UserError('request.invalid', `${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

function tell(report: ImportReport, mode: string, say: (line: string) => void): void {
  for (const error of report.errors) say(`line ${error.line}: ${error.message}`);
  const left = `${report.known} are there already, ${report.repeated} are named twice, ${report.wrong} lines are wrong`;
  if (report.isStored) say(`${report.added} targets were added; ${left}.`);
  else if (mode === 'preview') say(`${report.added} targets would be added; ${left}.`);
  else
    say(
      `Nothing was added, because ${report.wrong} lines are wrong. --valid adds the ${report.added} others.`,
    );
}
