import {
  afterMasterRotation,
  beginMasterRotation,
  beginTenantRotation,
  continueRotation,
  readKeyStatus,
  type KeyStatus,
  type Platform,
  type Rotation,
} from '@glacis/domain';
import type { TenantId } from '@glacis/foundation';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLineOrigin, tenantOfSlug } from './acting.ts';
import { joinRunning } from './running.ts';
import { parseCommand, UsageError } from './usage.ts';

type Say = (line: string) => void;

/** Help of `glacis keys`. */
export const KEYS_HELP = `glacis keys: the master key and the data keys of tenants

  glacis keys status                  versions of all keys, and how far rotations are; --tenant SLUG
  glacis keys rotate --tenant SLUG    give a tenant a new data key and seal all of its data again
  glacis keys rotate --all            the same for every tenant
  glacis keys rotate --master         replace the master key
      --no-wait                       start it and leave the rest to the running platform

  --json prints JSON.

Everything can be read and written meanwhile. A rotation that was broken off goes on by itself while the platform runs, and
at once with the same command. Its last step, destroying the old key, waits until no process can use it any more: some
three minutes after the start.
`;

const POLL_MS = 1000;

/** `glacis keys status|rotate`. Returns the exit code. */
export async function keys(args: readonly string[], say: Say): Promise<number> {
  const [command, ...rest] = args;
  const { values } = parseCommand({
    args: [...rest],
    options: {
      tenant: { type: 'string' },
      all: { type: 'boolean' },
      master: { type: 'boolean' },
      json: { type: 'boolean' },
      'no-wait': { type: 'boolean' },
    },
  });
  const show = (status: KeyStatus): void => say(values.json ? JSON.stringify(status) : lineOf(status));
  switch (command) {
    case 'status':
      return withPlatform(async platform => {
        const tenant = values.tenant === undefined ? undefined : await tenantOfSlug(platform, values.tenant);
        for await (const status of readKeyStatus(platform, tenant)) show(status);
      });
    case 'rotate': {
      const chosen = [values.tenant !== undefined, values.all, values.master].filter(Boolean).length;
      if (chosen !== 1) throw new UsageError('Say which key: --tenant SLUG, --all or --master.');
      return withPlatform(async platform => {
        const isPatient = values['no-wait'] !== true;
        const chosenOnes = await chosenKeys(platform, values);
        // Each old key waits some minutes for its last users: begun together, all wait at the same time.
        if (chosenOnes.length > 1) for (const tenant of chosenOnes) await begin(platform, tenant);
        for (const tenant of chosenOnes) await rotate(platform, tenant, { isPatient, show });
        const advice = values.master && isPatient ? afterMasterRotation(platform) : undefined;
        if (advice !== undefined && !values.json) say(advice);
      });
    }
    default:
      throw new UsageError('Say what to do with the keys: glacis keys status or rotate.');
  }
}

async function withPlatform(work: (platform: Platform) => Promise<void>): Promise<number> {
  const { platform } = await joinRunning();
  try {
    await work(platform);
    return 0;
  } finally {
    await platform.close();
  }
}

/** The tenants whose keys are meant; undefined is the master key. */
async function chosenKeys(
  platform: Platform,
  values: { tenant?: string; master?: boolean },
): Promise<(TenantId | undefined)[]> {
  if (values.master) return [undefined];
  if (values.tenant !== undefined) return [await tenantOfSlug(platform, values.tenant)];
  const all: TenantId[] = [];
  for await (const status of readKeyStatus(platform)) if (status.tenantId) all.push(status.tenantId);
  return all;
}

async function rotate(
  platform: Platform,
  tenant: TenantId | undefined,
  of: { isPatient: boolean; show: (status: KeyStatus) => void },
): Promise<void> {
  const rotation = await begin(platform, tenant);
  const showNow = async (): Promise<void> => {
    for await (const status of readKeyStatus(platform, tenant ?? null)) of.show(status);
  };
  if (of.isPatient) {
    const stop = new AbortController();
    const watching = watch(showNow, stop.signal);
    try {
      await finish(platform, rotation);
    } finally {
      stop.abort();
      await watching;
    }
  }
  await showNow();
}

/** Begins a rotation, or goes on with the one that is under way. */
function begin(platform: Platform, tenant: TenantId | undefined): Promise<Rotation> {
  const origin = commandLineOrigin();
  return tenant === undefined
    ? beginMasterRotation(platform, { origin })
    : beginTenantRotation(platform, tenant, { origin });
}

async function finish(platform: Platform, rotation: Rotation): Promise<void> {
  const origin = commandLineOrigin();
  const signal = new AbortController().signal;
  // While another process works on a rotation, this one waits for its turn.
  while ((await continueRotation(platform, rotation, { signal, isPatient: true, origin })) === undefined) {
    await sleep(POLL_MS);
  }
}

/** Shows progress every ten seconds. */
async function watch(showNow: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(10_000, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await showNow();
  }
}

function lineOf(status: KeyStatus): string {
  const name = status.tenantId === undefined ? '(master key)' : status.slug;
  const version = status.versions.length > 0 ? `version ${status.versions.join(' and ')}` : status.keyId;
  return `${name}   ${version}   ${sentenceOf(status.rotation)}`;
}

function sentenceOf(rotation: Rotation | undefined): string {
  if (!rotation) return 'never rotated';
  const lost = rotation.unreadable > 0 ? `, ${rotation.unreadable} that no key opens left as they are` : '';
  const counts = `${rotation.resealed} sealed again${lost}`;
  switch (rotation.state) {
    case 'done':
      return `rotated ${rotation.finishedAt ?? ''}, ${counts}`;
    case 'sealing':
      return `rotating since ${rotation.startedAt}: ${counts}, ${rotation.remaining ?? 'all'} to do`;
    case 'waiting':
      return `rotating since ${rotation.startedAt}: ${counts}; the old key is destroyed after ${rotation.settlesAt}, once nothing uses it`;
  }
}
