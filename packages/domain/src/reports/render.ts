import { messageOf, newId, tenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { announce } from '@glacis/realtime';
import type { Job } from '@glacis/queue';
import { builtInDesigns, RenderError, type Design, type Renderer } from '@glacis/report-kit';
import type { Platform } from '../platform.ts';
import { collectReportData } from './data.ts';

const MAX_ATTEMPTS = 3;
/** How long a report may take, ms: a busy machine needs some minutes for the largest. */
const MAX_RENDER_MS = 300_000;

/** Renders a report that was asked for and stores it. A report that cannot be rendered ends as failed, with the reason. */
export async function renderReport(
  job: Job,
  platform: Platform,
  renderer: Renderer,
  signal: AbortSignal,
): Promise<void> {
  const tenant = tenantId(job.data.tenantId);
  const reportId = job.data.subjectId;
  const { database, blobs, queue, registry } = platform;
  const report = await database.inTenant(tenant, async tx => {
    const { rows } = await sql<{ scan_id: string; design: string }>`update report set state = 'rendering'
      where id = ${reportId} and state in ('queued', 'rendering') returning scan_id, design`.execute(tx.sql);
    return rows[0];
  });
  if (!report) {
    await queue.finish(database.query, job);
    return;
  }
  try {
    const key = await platform.keyOf(tenant);
    const organisation = await database.control
      .selectFrom('control.tenant')
      .select('name')
      .where('id', '=', tenant)
      .executeTakeFirstOrThrow();
    const { data, screenshots } = await database.inTenant(tenant, tx =>
      collectReportData(tx, report.scan_id, { organisation: organisation.name, key, registry }),
    );
    const assets = new Map<string, Uint8Array>();
    for (const [name, storageKey] of screenshots) assets.set(name, await blobs.get(tenant, key, storageKey));
    const designs: Readonly<Record<string, () => Promise<Design>>> = builtInDesigns;
    const design = await designs[report.design]?.();
    if (!design) throw new RenderError('design-missing', `There is no design “${report.design}”.`);
    const limits = { timeMs: MAX_RENDER_MS };
    const result = await renderer.render({ design, data, assets, output: 'pdf', limits, signal });
    const storageKey = await blobs.put(tenant, key, result.bytes);
    await database.inTenant(tenant, async tx => {
      const blobId = newId();
      await sql`insert into blob (id, name, media_type, size_bytes, storage_key)
        values (${blobId}, 'report.pdf', 'application/pdf', ${result.bytes.byteLength}, ${storageKey})`.execute(
        tx.sql,
      );
      await sql`update report set state = 'ready', blob_id = ${blobId}, page_count = ${result.pageCount ?? null},
        messages = ${JSON.stringify(result.messages)}::jsonb, finished_at = now(), error = null where id = ${reportId}`.execute(
        tx.sql,
      );
      await tx.asPlatform(async query => {
        await queue.finish(query, job);
        await announce(query, { tenantId: tenant, topic: 'report', id: reportId });
      });
    });
    platform.log.info(
      { tenant, report: reportId, pages: result.pageCount, timings: result.timings },
      'a report was rendered',
    );
  } catch (error) {
    // A broken design fails every time; a browser that died may do better with the next attempt.
    const isFinal = !signal.aborted && (error instanceof RenderError || job.attempt + 1 >= MAX_ATTEMPTS);
    if (!isFinal) throw error;
    platform.log.warn({ err: error, tenant, report: reportId }, 'a report could not be rendered');
    await failReport(job, platform, messageOf(error));
  }
}

/** Ends a report as failed, with the reason. */
export async function failReport(job: Job, platform: Platform, reason: string): Promise<void> {
  const tenant = tenantId(job.data.tenantId);
  await platform.database.inTenant(tenant, async tx => {
    await sql`update report set state = 'failed', error = ${reason.slice(0, 1000)}, finished_at = now()
      where id = ${job.data.subjectId} and state in ('queued', 'rendering')`.execute(tx.sql);
    await tx.asPlatform(async query => {
      await platform.queue.finish(query, job);
      await announce(query, { tenantId: tenant, topic: 'report', id: job.data.subjectId });
    });
  });
}
