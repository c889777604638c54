import { readFileSync, writeFileSync } from 'node:fs';
import type { TargetView } from '@glacis/contract';
import { createTarget, findTarget, launchScan, ownableDomain, type Platform } from '@glacis/domain';
import { messageOf, tenantId, UserError, type TenantId } from '@glacis/foundation';
import { parse as parseYaml } from 'yaml';
import { exportAssets, exportFindings } from './up/export.ts';
import { makeReport, watchScan } from './up/scan-and-report.ts';
import { commandLineOrigin } from './acting.ts';
import { joinRunning } from './running.ts';

/** What `glacis scan` was asked for. */
export interface ScanOptions {
  readonly target: string;
  /** YAML file with `scanners` and `options`. */
  readonly engine: string | undefined;
  /** Print assets and findings as JSON lines on standard output, progress on standard error. */
  readonly isJson: boolean;
  /** File for the PDF report. */
  readonly report: string | undefined;
}

/** Largest engine file, bytes. */
const MAX_ENGINE_BYTES = 1024 * 1024;

/** Scans a domain with the running platform and shows the progress. Returns the exit code. */
export async function scan(options: ScanOptions, say: (line: string) => void): Promise<number> {
  const engine = options.engine ? readEngine(options.engine) : undefined;
  const { platform } = await joinRunning();
  const inform = options.isJson ? (line: string) => void process.stderr.write(`${line}\n`) : say;
  try {
    const tenant = await firstTenant(platform);
    const target = await targetOf(platform, tenant, options.target);
    const started = await platform.audit.audited(
      { tenantId: tenant, origin: commandLineOrigin(), action: 'scans.create' },
      () => launchScan(platform, tenant, { targetIds: [target.id], engine, userId: null }),
    );
    if (!started.isActive) {
      const { name, value } = target.proof.record;
      inform(
        `${target.domain} is not proven to be yours, so only passive sources are asked. To scan it fully, publish this TXT record and scan again:`,
      );
      inform(`  ${name}  TXT  "${value}"`);
    }
    const ended = await watchScan(
      platform,
      tenant,
      started.id,
      options.isJson ? process.stderr : process.stdout,
    );
    if (options.report && ended.state === 'completed') {
      const report = await makeReport(platform, tenant, ended.id);
      writeFileSync(options.report, report.bytes, { mode: 0o600 });
      inform(`Report    ${options.report}   (${report.view.pageCount ?? '?'} pages)`);
    }
    if (options.isJson) {
      await exportAssets(platform, tenant, ended.id, '/dev/stdout');
      await exportFindings(platform, tenant, ended.id, '/dev/stdout');
    }
    return ended.state === 'completed' ? 0 : 1;
  } finally {
    await platform.close();
  }
}

function readEngine(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError('engine.invalid', `The engine file ${file} cannot be read: ${messageOf(cause)}.`, {
      cause,
    });
  }
  if (text.length > MAX_ENGINE_BYTES)
    throw new UserError('engine.invalid', `The engine file ${file} is over ${MAX_ENGINE_BYTES} bytes.`);
  try {
    return parseYaml(text, { maxAliasCount: 10 });
  } catch (cause) {
    throw new UserError('engine.invalid', `The engine file ${file} is no valid YAML: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function firstTenant(platform: Platform): Promise<TenantId> {
  const row = await platform.database.control
    .selectFrom('control.tenant')
    .select('id')
    .orderBy('created_at')
    .executeTakeFirstOrThrow();
  return tenantId(row.id);
}

async function targetOf(platform: Platform, tenant: TenantId, domain: string): Promise<TargetView> {
  return platform.database.inTenant(
    tenant,
    async tx => (await findTarget(tx, ownableDomain(domain))) ?? createTarget(tx, domain, null),
  );
}
