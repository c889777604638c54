import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createTenantRequest, tenantListQuery } from '@glacis/contract';
import {
  cancelDeletion,
  exportTenant,
  foundTenant,
  listPlatformPlans,
  listTenants,
  readTenant,
  readTenantExport,
  resumeTenant,
  scheduleDeletion,
  setTenantPlan,
  suspendTenant,
  type Platform,
} from '@glacis/domain';
import { OperationalError, UserError, type TenantId } from '@glacis/foundation';
import { commandLineOrigin, tenantOfSlug } from './acting.ts';
import { joinRunning } from './running.ts';
import { parseCommand, UsageError } from './usage.ts';

type Say = (line: string) => void;
type Options = Readonly<Record<string, string | boolean | undefined>>;

/** Help of `glacis tenant`. */
export const TENANT_HELP = `glacis tenant: the tenants of the platform that runs on this machine

  glacis tenant list                  all tenants; --search TEXT, --state active, --page 2
  glacis tenant show SLUG             one of them with what it uses
  glacis tenant create SLUG           make one and invite its first admin
      --name TEXT --admin EMAIL       its name, and who is invited
      --plan NAME --domain DOMAIN     its plan, and the first domain to watch
  glacis tenant plan SLUG [NAME]      show its plan, or put it on another; --default goes back to the default
  glacis tenant suspend SLUG          members out, scans stopped, at once; --reason TEXT
  glacis tenant resume SLUG           open it again
  glacis tenant export SLUG           everything in one archive; --out FILE
  glacis tenant verify FILE           read an export to its end and compare every file with its manifest
  glacis tenant delete SLUG           shut it now and delete it after the grace period
      --confirm SLUG --grace DAYS     its short name once more; 0 to 90 days (default 7)
  glacis tenant keep SLUG             keep one that was to be deleted

  --json prints JSON.

Examples
  npx glacis tenant create acme --name "Acme Ltd" --admin ada@acme.example --domain acme.example
  npx glacis tenant export acme --out acme.tar.gz && npx glacis tenant verify acme.tar.gz
  npx glacis tenant delete acme --confirm acme --grace 14
`;

const OPTIONS = {
  json: { type: 'boolean' },
  name: { type: 'string' },
  admin: { type: 'string' },
  plan: { type: 'string' },
  domain: { type: 'string' },
  default: { type: 'boolean' },
  reason: { type: 'string' },
  out: { type: 'string' },
  confirm: { type: 'string' },
  grace: { type: 'string' },
  search: { type: 'string' },
  state: { type: 'string' },
  page: { type: 'string' },
} as const;

/** What a subcommand works with. `subject` is the slug or file that was named. */
interface Call {
  readonly platform: Platform;
  readonly subject: string;
  readonly rest: readonly string[];
  readonly options: Options;
  readonly address: string;
  readonly say: Say;
}

const commands: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  list,
  show,
  create,
  plan,
  suspend,
  resume,
  export: exportTo,
  delete: schedule,
  keep,
};

/** `glacis tenant …`. Returns the exit code. */
export async function tenant(args: readonly string[], say: Say): Promise<number> {
  const { values: options, positionals } = parseCommand({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [name = '', subject = '', ...rest] = positionals;
  if (name === 'verify') return verify(subject, options, say);
  const run = commands[name];
  if (!run) throw new UsageError('Say what to do with tenants. See: glacis tenant --help');
  if (subject === '' && name !== 'list') throw new UsageError(`Name the tenant: glacis tenant ${name} SLUG`);
  const { platform, address } = await joinRunning();
  try {
    await run({ platform, subject, rest, options, address, say });
    return 0;
  } finally {
    await platform.close();
  }
}

function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function print(
  { options, say }: Pick<Call, 'options' | 'say'>,
  value: object,
  lines: readonly string[],
): void {
  if (options['json'] === true) say(JSON.stringify(value));
  else for (const line of lines) say(line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?'));
}

/** Does something to a tenant and records it in the platform's audit log. */
async function acting<T>(
  { platform, subject }: Call,
  action: string,
  work: (id: TenantId) => Promise<T>,
): Promise<T> {
  const id = await tenantOfSlug(platform, subject);
  return platform.audit.audited(
    {
      tenantId: undefined,
      origin: commandLineOrigin(),
      action: `platform.tenants.${action}`,
      subject: { kind: 'tenant', id },
    },
    () => work(id),
  );
}

async function list(call: Call): Promise<void> {
  const query = tenantListQuery.safeParse({
    q: text(call.options, 'search'),
    state: text(call.options, 'state'),
    page: text(call.options, 'page'),
  });
  if (!query.success)
    throw new UsageError(`--${String(query.error.issues[0]?.path[0])}: ${query.error.issues[0]?.message}`);
  const page = await listTenants(call.platform, query.data);
  print(call, page, [
    ...page.items.map(item =>
      [
        item.slug,
        item.state,
        item.plan,
        `${item.members} members`,
        item.createdAt.slice(0, 10),
        item.name,
      ].join('  '),
    ),
    `${page.total} tenants`,
  ]);
}

async function show(call: Call): Promise<void> {
  const detail = await readTenant(call.platform, await tenantOfSlug(call.platform, call.subject));
  const { usage, limits } = detail;
  const of = (limit: number | null) => (limit === null ? '' : ` of ${limit}`);
  print(call, detail, [
    `${detail.slug}   ${detail.name}`,
    `state     ${detail.state}${detail.suspendedReason ? ` (${detail.suspendedReason})` : ''}${detail.deleteAfter ? ` until ${detail.deleteAfter}` : ''}`,
    `plan      ${detail.plan}`,
    `members   ${detail.members}${of(limits.users)}`,
    `domains   ${usage.domains}${of(limits.domains)}`,
    `scans     ${usage.scans} (${usage.scansToday}${of(limits.scansPerDay)} today)`,
    `assets    ${usage.assets}   findings ${usage.findings}`,
    `storage   ${mib(usage.databaseBytes)} in the database, ${mib(usage.blobBytes)} in files`,
  ]);
}

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

async function create(call: Call): Promise<void> {
  const planName = text(call.options, 'plan');
  const planId = planName === undefined ? undefined : await planOfName(call.platform, planName);
  const request = createTenantRequest.safeParse({
    slug: call.subject,
    name: text(call.options, 'name') ?? call.subject,
    adminEmail: text(call.options, 'admin'),
    planId,
    domain: text(call.options, 'domain'),
  });
  if (!request.success) {
    const { path, message } = request.error.issues[0] ?? { path: [], message: '' };
    throw new UsageError(`${path[0] === 'adminEmail' ? '--admin' : String(path[0])}: ${message}`);
  }
  const owner = await call.platform.database.control
    .selectFrom('control.user_account')
    .select('id')
    .where('is_platform_admin', '=', true)
    .orderBy('created_at')
    .executeTakeFirst();
  if (!owner) throw new OperationalError('internal.unexpected', 'The installation has no owner.');
  const made = await call.platform.audit.audited(
    { tenantId: undefined, origin: commandLineOrigin(), action: 'platform.tenants.create' },
    () => foundTenant(call.platform, request.data, { userId: owner.id }),
  );
  print(
    call,
    made,
    [
      `${made.slug} is there.`,
      made.link === null
        ? `${request.data.adminEmail} gets an invitation by mail.`
        : `GLACIS_SMTP_URL is not set here. Hand this link to ${request.data.adminEmail}:\n${made.link}`,
    ].flatMap(line => line.split('\n')),
  );
}

async function planOfName(platform: Platform, name: string): Promise<string> {
  const plans = await listPlatformPlans(platform);
  const found = plans.find(one => one.name.toLowerCase() === name.toLowerCase() || one.id === name);
  if (found) return found.id;
  throw new UserError(
    'request.not-found',
    `There is no plan “${name}”. There are: ${plans.map(one => one.name).join(', ')}.`,
  );
}

async function plan(call: Call): Promise<void> {
  const [wanted] = call.rest;
  if (wanted !== undefined || call.options['default'] === true) {
    const planId = wanted === undefined ? null : await planOfName(call.platform, wanted);
    await acting(call, 'plan.set', id => setTenantPlan(call.platform, { id, planId }));
  }
  const detail = await readTenant(call.platform, await tenantOfSlug(call.platform, call.subject));
  print(call, { slug: detail.slug, plan: detail.plan, limits: detail.limits }, [
    `${detail.slug} is on the plan ${detail.plan}.`,
  ]);
}

async function suspend(call: Call): Promise<void> {
  const reason = text(call.options, 'reason') ?? 'Suspended by the administrator of the platform.';
  await acting(call, 'suspend', id => suspendTenant(call.platform, id, reason));
  print(call, { slug: call.subject, state: 'suspended' }, [`${call.subject} is suspended.`]);
}

async function resume(call: Call): Promise<void> {
  await acting(call, 'resume', id => resumeTenant(call.platform, id));
  print(call, { slug: call.subject, state: 'active' }, [`${call.subject} is active.`]);
}

async function exportTo(call: Call): Promise<void> {
  const file = text(call.options, 'out');
  if (file === undefined) throw new UsageError('Name the file: glacis tenant export SLUG --out FILE');
  await acting(call, 'export', id =>
    pipeline(exportTenant(call.platform, id), createWriteStream(file, { mode: 0o600, flags: 'wx' })),
  );
  const manifest = await readTenantExport(createReadStream(file));
  print(call, { file, tables: manifest.tables, files: manifest.files.length, problems: manifest.problems }, [
    `${file}   ${manifest.files.length} files   ${manifest.tables.reduce((sum, one) => sum + one.rows, 0)} rows`,
    ...manifest.problems,
  ]);
}

async function verify(file: string, options: Options, say: Say): Promise<number> {
  if (file === '') throw new UsageError('Name the file: glacis tenant verify FILE');
  const manifest = await readTenantExport(createReadStream(file));
  print({ options, say }, manifest, [
    `whole   ${manifest.tenant.slug}   ${manifest.exportedAt}   ${manifest.files.length} files`,
    ...manifest.problems,
  ]);
  return 0;
}

async function schedule(call: Call): Promise<void> {
  const graceDays = Number(text(call.options, 'grace') ?? '7');
  if (!Number.isInteger(graceDays) || graceDays < 0 || graceDays > 90) {
    throw new UsageError('--grace must be a whole number of days from 0 to 90.');
  }
  const confirm = text(call.options, 'confirm') ?? '';
  const { deleteAfter } = await acting(call, 'delete', id =>
    scheduleDeletion(call.platform, { id, slug: confirm, graceDays }),
  );
  print(call, { slug: call.subject, deleteAfter }, [
    `${call.subject} is shut. Its data goes after ${deleteAfter}; until then: glacis tenant keep ${call.subject}`,
  ]);
}

async function keep(call: Call): Promise<void> {
  await acting(call, 'keep', id => cancelDeletion(call.platform, id));
  print(call, { slug: call.subject, state: 'active' }, [`${call.subject} is kept and active.`]);
}
