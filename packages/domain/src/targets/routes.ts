import {
  claimQuery,
  claimView,
  confirmProofMailRequest,
  createTargetRequest,
  importQuery,
  importReport,
  MAX_IMPORT_BYTES,
  type ImportReport,
  pageOf,
  sendProofMailRequest,
  targetQuery,
  targetView,
  tenantPath,
  thingPath,
  updateTargetRequest,
  verifyTargetRequest,
} from '@glacis/contract';
import type { TenantTransaction } from '@glacis/db';
import { inRouteTenant, requesterOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { demandGrant, demandWhole, inWritable } from '../projects/grants.ts';
import { listClaims } from './claims.ts';
import { readImportFile } from './import-file.ts';
import { importTargets } from './import.ts';
import { confirmProofMail, sendProofMail } from './mail-proof.ts';
import { revokeProof } from './proof-state.ts';
import { createTarget, deleteTarget, updateTarget } from './service.ts';
import { verifyTarget } from './verify.ts';
import { listTargets, readTarget } from './view.ts';

const url = '/api/tenants/:tenant/targets';

/** Routes of the domains a tenant watches. */
const entries: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'target.read',
    summary: 'Lists the targets, filtered, sorted and paged.',
    params: tenantPath,
    query: targetQuery,
    answer: pageOf(targetView),
    handle: input => inRouteTenant(input, tx => listTargets(tx, input.query)),
  }),
  route({
    method: 'POST',
    url,
    access: 'target.write',
    summary: 'Adds a domain and makes the challenge that proves it.',
    params: tenantPath,
    body: createTargetRequest,
    answer: targetView,
    status: 201,
    handle: input => {
      const { domain, projectId } = input.body;
      const create = (tx: TenantTransaction) => createTarget(tx, domain, requesterOf(input), projectId);
      if (projectId !== undefined) return inWritable(input, { kind: 'project', id: projectId }, create);
      return inRouteTenant(input, tx => {
        demandWhole(tx);
        return create(tx);
      });
    },
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'target.read',
    summary: 'Shows a target.',
    params: thingPath,
    answer: targetView,
    handle: input => inRouteTenant(input, tx => readTarget(tx, input.params.id)),
  }),
  route({
    method: 'PATCH',
    url: `${url}/:id`,
    access: 'target.write',
    summary: 'Changes note, organisation and groups of a target.',
    params: thingPath,
    body: updateTargetRequest,
    answer: targetView,
    handle: input =>
      inRouteTenant(input, async tx => {
        await demandGrant(tx, { kind: 'target', id: input.params.id });
        // Organisations sort the whole tenant; a note is a matter of the project.
        if (input.body.organisationId !== undefined || input.body.groupIds !== undefined) demandWhole(tx);
        const change = (on: TenantTransaction) => updateTarget(on, { ...input.body, id: input.params.id });
        return tx.isRestricted ? tx.unrestricted(change) : change(tx);
      }),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'target.write',
    summary: 'Removes a target with its scans.',
    params: thingPath,
    answer: 'none',
    handle: input =>
      inRouteTenant(input, async tx => {
        await demandGrant(tx, { kind: 'target', id: input.params.id });
        demandWhole(tx);
        await deleteTarget(tx, input.params.id);
      }),
  }),
];

const imports: readonly Route[] = [
  route({
    method: 'POST',
    url: `${url}/import`,
    access: 'target.write',
    summary:
      'Adds many domains from lines or CSV (domain, organisation, group, note), or shows what it would add.',
    params: tenantPath,
    query: importQuery,
    upload: { maxBytes: MAX_IMPORT_BYTES },
    answer: importReport,
    handle: async input => {
      const { mode, projectId } = input.query;
      const permit = (tx: TenantTransaction): Promise<void> =>
        projectId === undefined
          ? Promise.resolve(demandWhole(tx))
          : demandGrant(tx, { kind: 'project', id: projectId });
      // Nothing is read from who may not import.
      await inRouteTenant(input, permit);
      const file = await readImportFile(input.upload);
      return inRouteTenant(input, async tx => {
        await permit(tx);
        const run = (on: TenantTransaction): Promise<ImportReport> =>
          importTargets(on, file, { mode, projectId, userId: requesterOf(input) });
        return tx.isRestricted ? tx.unrestricted(run) : run(tx);
      });
    },
  }),
];

const proofs: readonly Route[] = [
  route({
    method: 'POST',
    url: `${url}/:id/verify`,
    access: 'target.write',
    summary: 'Looks for the proof of ownership: in DNS, as a file or as a meta element.',
    params: thingPath,
    body: verifyTargetRequest,
    answer: targetView,
    handle: input =>
      verifyTarget(
        input.platform,
        work => inWritable(input, { kind: 'target', id: input.params.id }, work),
        input.params.id,
        input.body.method,
      ),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id/proof`,
    access: 'target.write',
    summary: 'Revokes the proof, ends active scans of the domain and makes a new challenge.',
    params: thingPath,
    answer: targetView,
    handle: input =>
      inWritable(input, { kind: 'target', id: input.params.id }, tx => revokeProof(tx, input.params.id)),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/mail-proof`,
    access: 'target.write',
    summary: 'Sends a code to a standard mailbox of the domain.',
    params: thingPath,
    body: sendProofMailRequest,
    answer: targetView,
    handle: input =>
      inWritable(input, { kind: 'target', id: input.params.id }, tx =>
        sendProofMail(input.platform, tx, { id: input.params.id, mailbox: input.body.mailbox }),
      ),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/mail-proof/confirm`,
    access: 'target.write',
    summary: 'Proves the domain by the code that was mailed.',
    params: thingPath,
    body: confirmProofMailRequest,
    answer: targetView,
    handle: input =>
      confirmProofMail(work => inWritable(input, { kind: 'target', id: input.params.id }, work), {
        id: input.params.id,
        code: input.body.code,
      }),
  }),
  route({
    method: 'GET',
    url: '/api/platform/claims',
    access: 'platform.manage',
    summary: 'Lists domains that several tenants have proven, or all proven domains.',
    query: claimQuery,
    answer: pageOf(claimView),
    handle: input => listClaims(input.platform, input.query),
  }),
];

/** Routes of the domains a tenant watches and of how they are proven. */
export const targetRoutes: readonly Route[] = [...entries, ...imports, ...proofs];
