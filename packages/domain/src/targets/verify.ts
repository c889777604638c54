import type { ProofMethod, TargetView } from '@glacis/contract';
import { createSharedBudget } from '@glacis/engine';
import { messageOf } from '@glacis/foundation';
import type { TenantTransaction } from '@glacis/db';
import type { Platform } from '../platform.ts';
import { lookOnWeb } from './http-proof.ts';
import { profileOf } from './networks.ts';
import { applyLook, type ProofLook } from './proof-state.ts';
import { readTarget } from './view.ts';

/** Runs work inside the tenant of a target. */
type Within = <T>(work: (tx: TenantTransaction) => Promise<T>) => Promise<T>;

/**
 * Looks for the proof and notes the outcome. A proof that is gone counts for some days more; a look-up that failed changes
 * nothing but the detail, since nothing was learnt. Without a method: the one that proved it, else DNS.
 */
export async function verifyTarget(
  platform: Platform,
  inTenant: Within,
  id: string,
  method?: 'dns' | 'file' | 'meta',
): Promise<TargetView> {
  const target = await inTenant(tx => readTarget(tx, id));
  const wanted = method ?? lookableMethod(target);
  if (wanted === undefined) return target;
  const challenge = target.proof.record.value.slice(target.proof.record.value.indexOf('=') + 1);
  const look =
    wanted === 'dns'
      ? await lookInDns(platform, target)
      : await lookAtSite(platform, target, wanted, challenge);
  return inTenant(tx => applyLook(tx, { id, challenge, method: wanted, look }));
}

/** The method by which a look can be repeated; a mailed code and the proof of a parent cannot. */
function lookableMethod({ proof }: TargetView): 'dns' | 'file' | 'meta' | undefined {
  const method: ProofMethod = proof.state === 'proven' ? (proof.method ?? 'dns') : 'dns';
  return method === 'email' || method === 'parent' ? undefined : method;
}

async function lookInDns(platform: Platform, target: TargetView): Promise<ProofLook> {
  const { name, value } = target.proof.record;
  let found: readonly string[];
  try {
    found = await platform.lookupTxt(name, profileOf(platform, target.domain));
  } catch (error) {
    const detail = `The look-up of ${name} failed (${messageOf(error)}); nothing was changed. Try again later.`;
    return { found: 'unknown', detail };
  }
  if (found.includes(value)) return { found: 'present', detail: 'The TXT record is there.' };
  return {
    found: 'absent',
    detail:
      found.length === 0
        ? `There is no TXT record at ${name} yet. Changes to DNS may take some minutes to show.`
        : `The TXT record at ${name} has another value. Compare it letter by letter.`,
  };
}

function lookAtSite(
  platform: Platform,
  target: TargetView,
  method: 'file' | 'meta',
  challenge: string,
): Promise<ProofLook> {
  const profile = profileOf(platform, target.domain);
  return lookOnWeb({
    domain: target.domain,
    challenge,
    method,
    profile,
    budget: createSharedBudget(platform.database, profile),
    ports: platform.webPorts ?? { https: 443, http: 80 },
    log: platform.log,
  });
}
