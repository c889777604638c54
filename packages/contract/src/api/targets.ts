import { z } from 'zod';
import { id, instant, listOf, paging } from './primitives.ts';

/** How a domain can be proven to be one's own. `parent`: by the proof of a domain above it. */
export const proofMethod = z.enum(['dns', 'file', 'meta', 'email', 'parent']);
export type ProofMethod = z.infer<typeof proofMethod>;

/** Where a proof stands. `expired`: there was one. */
export const proofState = z.enum(['unproven', 'proven', 'expired']);

/** Mailboxes that belong to whoever runs a domain (RFC 2142 and the rules for certificate authorities). */
export const proofMailboxes = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'] as const;

/** A name and id of what a target is sorted into. */
export const targetLabel = z.object({ id, name: z.string() });

/** A domain that is ours to watch, and how far that is proven. */
export const targetView = z.object({
  id,
  domain: z.string(),
  note: z.string(),
  organisation: targetLabel.nullable(),
  groups: z.array(targetLabel),
  proof: z.object({
    state: proofState,
    method: proofMethod.nullable(),
    /** The proven domain above, for the method `parent`. */
    via: z.string().nullable(),
    /** The TXT record that proves ownership. */
    record: z.object({ name: z.string(), value: z.string() }),
    /** The file that proves it: its whole content is one line. */
    file: z.object({ url: z.string(), content: z.string() }),
    /** The element in the head of the home page that proves it. */
    meta: z.object({ url: z.string(), element: z.string() }),
    /** Where a code can be sent that proves it. */
    mailAddresses: z.array(z.string()),
    detail: z.string(),
    checkedAt: instant.nullable(),
    provenAt: instant.nullable(),
    /** When the proof ends if it is not renewed; regular checks renew all but the code by mail. */
    expiresAt: instant.nullable(),
    /** Since when the proof has not been where it was, and when it therefore expires. */
    missingSince: instant.nullable(),
    graceEndsAt: instant.nullable(),
  }),
  createdAt: instant,
  lastScanId: id.nullable(),
});
export type TargetView = z.infer<typeof targetView>;

/** GET targets. */
export const targetQuery = paging.extend({
  state: listOf(proofState),
  organisationId: id.optional(),
  groupId: id.optional(),
  projectId: id.optional(),
  sort: z.enum(['domain', 'createdAt']).default('domain'),
  order: z.enum(['asc', 'desc']).default('asc'),
});

/** POST targets. A member who sees only projects has to name the one that the target goes into. */
export const createTargetRequest = z.strictObject({
  domain: z.string().min(1).max(253),
  projectId: id.optional(),
});

/** PATCH targets/:id: what is left out stays as it is. Groups belong to the organisation of the target. */
export const updateTargetRequest = z.strictObject({
  note: z.string().max(2000).optional(),
  organisationId: id.nullable().optional(),
  groupIds: z.array(id).max(100).optional(),
});

/** POST targets/:id/verify: looks for the proof by one method; left out: by the one that proved it, else by DNS. */
export const verifyTargetRequest = z.strictObject({
  method: z.enum(['dns', 'file', 'meta']).optional(),
});

/** POST targets/:id/mail-proof: sends a code to a mailbox of the domain. */
export const sendProofMailRequest = z.strictObject({ mailbox: z.enum(proofMailboxes) });

/** POST targets/:id/mail-proof/confirm. */
export const confirmProofMailRequest = z.strictObject({ code: z.string().min(1).max(100) });

/** GET /api/platform/claims. */
export const claimQuery = paging.extend({ conflicts: z.enum(['only', 'all']).default('only') });

/** A domain that a tenant has proven, for the platform's administrators; `others` counts other tenants that have proven it or a domain above or below it. */
export const claimView = z.object({
  domain: z.string(),
  tenant: z.object({ id, slug: z.string(), name: z.string() }),
  method: proofMethod,
  provenAt: instant,
  others: z.number().int(),
});
export type ClaimView = z.infer<typeof claimView>;
