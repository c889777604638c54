import { createTokenRequest, type TokenView } from '@glacis/contract';
import { createToken, listTokens, revokeToken, type Platform, type TokenOwner } from '@glacis/domain';
import type { TenantId } from '@glacis/foundation';
import { commandLineOrigin, personOfEmail, tenantOfSlug } from './acting.ts';
import { joinRunning } from './running.ts';
import { parseCommand, UsageError } from './usage.ts';

type Say = (line: string) => void;

const USAGE =
  'Write: glacis token list, create or revoke ID, each with --tenant SLUG (its own tokens) or --user EMAIL (a person’s).';

/** `glacis token create|list|revoke`. Returns the exit code. */
export async function token(args: readonly string[], say: Say): Promise<number> {
  const [command, ...rest] = args;
  const { values, positionals } = parseCommand({
    args: rest,
    allowPositionals: true,
    options: {
      tenant: { type: 'string' },
      user: { type: 'string' },
      name: { type: 'string' },
      scope: { type: 'string', multiple: true },
      address: { type: 'string', multiple: true },
      days: { type: 'string' },
    },
  });
  const [id, ...more] = positionals;
  const isComplete = command === 'revoke' ? id !== undefined : id === undefined;
  if (!isComplete || more.length > 0 || (values.tenant === undefined && values.user === undefined))
    throw new UsageError(USAGE);
  const { platform } = await joinRunning();
  try {
    const owner = await ownerOf(platform, values);
    if (command === 'list') return await list(platform, owner, say);
    if (command === 'create') return await create(platform, owner, values, say);
    if (command === 'revoke' && id !== undefined) return await revoke(platform, owner, id, say);
    throw new UsageError(USAGE);
  } finally {
    await platform.close();
  }
}

async function ownerOf(
  platform: Platform,
  of: { tenant?: string; user?: string },
): Promise<{ owner: TokenOwner; tenant: TenantId | undefined }> {
  const tenant = of.tenant === undefined ? undefined : await tenantOfSlug(platform, of.tenant);
  if (of.user !== undefined)
    return { owner: { userId: (await personOfEmail(platform, of.user)).id, tenant }, tenant: undefined };
  if (tenant === undefined) throw new UsageError(USAGE);
  return { owner: { tenant }, tenant };
}

type Owned = Awaited<ReturnType<typeof ownerOf>>;

async function list(platform: Platform, { owner }: Owned, say: Say): Promise<number> {
  const tokens = await listTokens(platform.database, owner);
  for (const entry of tokens) say(lineOf(entry));
  if (tokens.length === 0) say('There are none.');
  return 0;
}

function lineOf(entry: TokenView): string {
  const used =
    entry.lastUsedAt === null ? 'never used' : `last used ${entry.lastUsedAt} from ${entry.lastUsedAddress}`;
  return `${entry.id}   ${entry.name} (…${entry.hint})   ${entry.scopes.join(' ')}   until ${entry.expiresAt}   ${used}`;
}

async function create(
  platform: Platform,
  { owner, tenant }: Owned,
  values: { name?: string; scope?: string[]; address?: string[]; days?: string },
  say: Say,
): Promise<number> {
  const request = createTokenRequest.safeParse({
    name: values.name ?? '',
    scopes: values.scope?.flatMap(scope => scope.split(',')) ?? [],
    addresses: values.address ?? [],
    ...(values.days === undefined ? {} : { expiresInDays: Number(values.days) }),
  });
  if (!request.success) {
    const issue = request.error.issues[0];
    throw new UsageError(
      `A token needs --name TEXT and --scope PERMISSION, once or more; ${String(issue?.path[0] ?? '')}: ${issue?.message ?? ''}`,
    );
  }
  const made = await platform.audit.audited(
    {
      tenantId: tenant,
      origin: commandLineOrigin(),
      action: 'userId' in owner ? 'tokens.create' : 'tokens.create-service',
      detail: { name: request.data.name, scopes: request.data.scopes.join(' ') },
    },
    () => createToken(platform.database, owner, request.data, null),
  );
  say(made.secret);
  process.stderr.write(`${made.id} until ${made.token.expiresAt}. The secret is not shown again.\n`);
  return 0;
}

async function revoke(platform: Platform, { owner, tenant }: Owned, id: string, say: Say): Promise<number> {
  await platform.audit.audited(
    {
      tenantId: tenant,
      origin: commandLineOrigin(),
      action: 'userId' in owner ? 'tokens.delete' : 'tokens.delete-service',
      subject: { kind: 'tokens', id: id.slice(0, 100) },
    },
    () => revokeToken(platform.database, owner, parseId(id)),
  );
  say(`${id} is revoked.`);
  return 0;
}

function parseId(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text))
    throw new UsageError('A token is named by its id; glacis token list shows it.');
  return text;
}
