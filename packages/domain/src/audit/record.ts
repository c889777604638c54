import { auditBody, type AuditActor, type AuditBody, type AuditOutcome } from '@glacis/contract';
import { UnexpectedError, type TenantId } from '@glacis/foundation';
import canonicalize from 'canonicalize';
import type { Caller } from '../identity/caller.ts';

/** Who acts, by what credential, and from where. */
export type AuditOrigin = Pick<AuditBody, 'actor' | 'via' | 'credentialId' | 'address' | 'requestId'>;

/** What an act is about: the kind of thing and its id. */
export type AuditSubject = NonNullable<AuditBody['subject']>;

/**
 * Facts about an act, by name. What a request held never goes here by itself: a route names each fact that may be recorded.
 */
export type AuditDetail = AuditBody['detail'];

/** An act as it begins. Without a tenant it belongs to the platform's chain. */
export interface AuditAct {
  readonly tenantId: TenantId | undefined;
  readonly origin: AuditOrigin;
  readonly action: string;
  readonly subject?: AuditSubject | undefined;
  readonly detail?: AuditDetail;
}

/** How an act ended. */
export interface AuditEnd {
  readonly outcome: AuditOutcome;
  readonly code?: string | undefined;
  readonly count?: number;
}

/** The origin of acts that the platform does by itself, or that somebody does on its machine. */
export function systemOrigin(via: 'job' | 'command-line', name: string): AuditOrigin {
  return {
    actor: { kind: 'system', id: null, name },
    via,
    credentialId: null,
    address: null,
    requestId: null,
  };
}

/** The origin of a request. */
export function originOf(
  caller: Caller | undefined,
  request: { readonly address: string; readonly requestId: string },
): AuditOrigin {
  return {
    actor: actorOf(caller),
    via: caller?.credential.kind ?? 'none',
    credentialId: caller?.credential.id ?? null,
    address: request.address || null,
    requestId: request.requestId,
  };
}

function actorOf(caller: Caller | undefined): AuditActor {
  if (!caller) return { kind: 'nobody', id: null, name: '' };
  if (caller.userId !== undefined) return { kind: 'person', id: caller.userId, name: caller.email };
  return { kind: 'service-token', id: caller.credential.id, name: caller.credential.name };
}

const MAX_DETAILS = 20;
const MAX_DETAIL_LENGTH = 300;

/** The body of a record: canonical JSON (RFC 8785), the same bytes whoever writes it. */
export function bodyOf(act: AuditAct, end: AuditEnd, at: Date = new Date()): string {
  const detail = Object.fromEntries(
    Object.entries(act.detail ?? {})
      .slice(0, MAX_DETAILS)
      .map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, MAX_DETAIL_LENGTH) : value]),
  );
  const body: AuditBody = {
    version: 1,
    at: at.toISOString(),
    ...act.origin,
    action: act.action,
    subject: act.subject ?? null,
    outcome: end.outcome,
    code: end.code ?? null,
    count: end.count ?? 1,
    detail,
  };
  return canonical(auditBody.parse(body));
}

/** Canonical JSON of a value. @throws UnexpectedError when it has none. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new UnexpectedError('A value has no canonical JSON.');
  return text;
}
