import { z } from 'zod';
import { instant, listOf, paging } from './primitives.ts';

/** How an act ended. `unknown`: it began, and nothing is known of its end, such as after a crash. */
export const auditOutcomes = ['succeeded', 'failed', 'refused', 'unknown'] as const;
/** One of {@link auditOutcomes}. */
export const auditOutcome = z.enum(auditOutcomes);
export type AuditOutcome = z.infer<typeof auditOutcome>;

/** Who acted. `nobody`: the credential was not valid, or there was none. */
export const auditActor = z.object({
  kind: z.enum(['person', 'service-token', 'system', 'nobody']),
  id: z.string().max(100).nullable(),
  name: z.string().max(254),
});
export type AuditActor = z.infer<typeof auditActor>;

/** What the body of a record says; its canonical JSON (RFC 8785) is what the chain hashes. */
export const auditBody = z.strictObject({
  version: z.literal(1),
  at: instant,
  actor: auditActor,
  /** By what the actor came. */
  via: z.enum(['session', 'personal-token', 'service-token', 'access-token', 'command-line', 'job', 'none']),
  /** Id of the session or token; no secret. */
  credentialId: z.string().max(100).nullable(),
  address: z.string().max(100).nullable(),
  action: z.string().max(100),
  subject: z.object({ kind: z.string().max(50), id: z.string().max(100) }).nullable(),
  outcome: auditOutcome,
  /** Error code of what failed or was refused. */
  code: z.string().max(100).nullable(),
  /** How often, for refusals that came many times within a minute. */
  count: z.number().int().min(1),
  requestId: z.string().max(100).nullable(),
  detail: z.record(z.string().max(50), z.union([z.string().max(300), z.number(), z.boolean()])),
});
export type AuditBody = z.infer<typeof auditBody>;

/** A record of a tenant's audit log. */
export const auditRecordView = auditBody.extend({
  seq: z.number().int(),
  /** SHA-256 over the previous record's hash and this record, lower-case hex. */
  hash: z.string(),
});
export type AuditRecordView = z.infer<typeof auditRecordView>;

/** What the audit log is searched by. `q` matches anywhere in a record. */
export const auditQuery = paging.extend({
  /** Part of the actor's name, or their id. */
  actor: z.string().max(254).optional(),
  /** Beginning of the action, such as `targets` or `targets.delete`. */
  action: z.string().max(100).optional(),
  outcome: listOf(auditOutcome),
  from: instant.optional(),
  to: instant.optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;

/** What an export of the audit log contains, and in which form. */
export const auditExportQuery = auditQuery.omit({ page: true, pageSize: true }).extend({
  format: z.enum(['jsonl', 'csv']).default('jsonl'),
});
export type AuditExportQuery = z.infer<typeof auditExportQuery>;

/** Whether a chain is whole. */
export const auditVerification = z.object({
  isIntact: z.boolean(),
  records: z.number().int(),
  /** The end of the chain; noted elsewhere it shows later that nothing before it was changed. */
  head: z.object({ seq: z.number().int(), hash: z.string() }),
  /** The first thing that is wrong. */
  problem: z.object({ seq: z.number().int(), what: z.string() }).nullable(),
});
export type AuditVerification = z.infer<typeof auditVerification>;

/** A line of an export in JSON lines: enough to reckon the chain again without the platform. */
export const auditExportLine = z.object({
  seq: z.number().int(),
  previousHash: z.string(),
  hash: z.string(),
  record: auditBody,
});
