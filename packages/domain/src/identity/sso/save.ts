import type { SamlConnectionRequest, SsoConnectionRequest, SsoConnectionView } from '@glacis/contract';
import { encrypt, newId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../../http/caller.ts';
import type { Platform } from '../../platform.ts';
import { checkProvider } from '../oidc/provider.ts';
import { checkSamlProvider } from '../saml/provider.ts';
import { secretContext, viewOf, type ConnectionRow } from './connection.ts';
import { isProven, provenDomains } from './domains.ts';

const MAX_CONNECTIONS = 20;

/** Adds a provider, or changes one, after it was checked. @throws UserError */
export async function saveConnection(
  platform: Platform,
  tenant: TenantId,
  of: { id?: string; request: SsoConnectionRequest },
): Promise<SsoConnectionView> {
  const { request } = of;
  if (of.id !== undefined) await assertOwn(platform.database, tenant, { id: of.id, kind: request.kind });
  const proven = await provenDomains(platform.database, tenant);
  const unproven = request.domains.find(domain => !isProven(domain, proven));
  if (unproven !== undefined) {
    const sentence = `Prove first that ${unproven} is yours: add it as a target.`;
    throw new UserError('sso.domain-not-proven', sentence, { fields: { domains: sentence } });
  }
  const id = of.id ?? newId();
  const { settings, secret } = await checkedSettings(platform, request);
  const key = await platform.keyOf(tenant);
  const sealed = secret === undefined ? null : encrypt(key, Buffer.from(secret), secretContext(id));
  const { rows } = await sql<ConnectionRow>`insert into control.sso_connection as c
      (id, tenant_id, kind, name, is_enabled, domains, default_role, groups_claim, group_roles, settings, sealed)
    select ${id}, ${tenant}, ${request.kind}, ${request.name}, ${request.isEnabled}, ${request.domains}, ${request.defaultRole},
      ${request.groupsClaim}, ${JSON.stringify(request.groupRoles)}::jsonb, ${JSON.stringify(settings)}::jsonb, ${sealed}
    where (select count(*) from control.sso_connection where tenant_id = ${tenant} and id <> ${id}) < ${MAX_CONNECTIONS}
    on conflict (id) do update set name = excluded.name, is_enabled = excluded.is_enabled, domains = excluded.domains,
      default_role = excluded.default_role, groups_claim = excluded.groups_claim, group_roles = excluded.group_roles,
      settings = excluded.settings, updated_at = now(),
      -- A secret is never sent to another provider than the one it was given for.
      sealed = case when excluded.settings ->> 'issuer' = c.settings ->> 'issuer'
        then coalesce(excluded.sealed, c.sealed) else excluded.sealed end
    where c.tenant_id = ${tenant} and c.kind = ${request.kind} returning *`.execute(
    platform.database.control,
  );
  if (!rows[0])
    throw new UserError('request.conflict', `A tenant has at most ${MAX_CONNECTIONS} identity providers.`);
  return viewOf(platform, rows[0], proven);
}

async function checkedSettings(
  platform: Platform,
  request: SsoConnectionRequest,
): Promise<{ settings: object; secret: string | undefined }> {
  if (request.kind === 'saml') return { settings: samlSettingsOf(platform, request), secret: undefined };
  await checkProvider(platform, request.issuer);
  return {
    settings: { issuer: request.issuer, clientId: request.clientId },
    secret: request.clientSecret,
  };
}

function samlSettingsOf(platform: Platform, request: SamlConnectionRequest): object {
  const { provider, emailAttribute, isEnabled } = request;
  if (!provider && isEnabled) {
    const sentence =
      'Say first how the provider is reached: read its metadata, or leave it switched off until then.';
    throw new UserError('sso.saml-provider-invalid', sentence, { fields: { provider: sentence } });
  }
  return { provider: provider && checkSamlProvider(platform, provider), emailAttribute };
}

async function assertOwn(
  database: Database,
  tenant: TenantId,
  of: { id: string; kind: SsoConnectionRequest['kind'] },
): Promise<void> {
  const { rows } = await sql<{ kind: string }>`select kind from control.sso_connection
    where id = ${of.id} and tenant_id = ${tenant}`.execute(database.control);
  if (!rows[0]) throw notFound('identity provider');
  if (rows[0].kind !== of.kind) {
    throw new UserError(
      'request.conflict',
      'A provider keeps its kind. Add another one, and remove this one afterwards.',
    );
  }
}
