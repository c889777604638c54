import { messageOf, newId, tenantId, UserError, type Logger, type TenantId } from '@glacis/foundation';
import type { Database, PlainQuery, TenantTransaction } from '@glacis/db';
import { bodyOf, type AuditAct, type AuditDetail, type AuditEnd, type AuditSubject } from './record.ts';
import { RefusalCounter } from './refusals.ts';

/** How often refusals that came again are written down, and abandoned acts looked for, ms. */
const FLUSH_MS = 60_000;
/** After this long an act that never ended is recorded with an unknown outcome, minutes. */
const ABANDONED_MINUTES = 60;
const SWEEP_BATCH = 200;

/** What an act tells about itself while it runs; later notes add to earlier ones. */
export interface AuditNote {
  readonly subject?: AuditSubject;
  readonly detail?: AuditDetail;
  /** Who has shown to be acting, where nobody was known before: signing in. */
  readonly actor?: AuditAct['origin']['actor'];
}

/** The one door through which anything gets into an audit chain. */
export interface AuditTrail {
  /**
   * Does work and records it: an intent is stored before, so that nothing can happen unrecorded, and becomes the record
   * afterwards. Work whose intent cannot be stored is not done. An act that never ends, because the process died or the
   * database was away, is recorded as `unknown`. With `isAnonymous`, failures count as refusals of nobody.
   */
  audited<T>(
    act: AuditAct,
    work: (note: (more: AuditNote) => void) => Promise<T>,
    options?: { readonly isAnonymous?: boolean },
  ): Promise<T>;
  /** Records what has happened. */
  append(act: AuditAct, end: AuditEnd): Promise<void>;
  /** Records in the transaction that does the act. Call it last: the chain is locked until the transaction ends. */
  appendIn(tx: TenantTransaction, act: AuditAct, end: AuditEnd): Promise<void>;
  /** The same for any chain, in a transaction of the platform's tables. */
  appendThrough(query: PlainQuery, act: AuditAct, end: AuditEnd): Promise<void>;
  /** Records a refusal; repeated ones within a minute become one record with a count. Never fails and is not waited for. */
  refuse(act: AuditAct, code: string): void;
  /** Writes down what has been counted and waits for what is being written. */
  flush(): Promise<void>;
  /** Records acts that began long ago and never ended; says how many. */
  sweep(olderThanMinutes?: number): Promise<number>;
  close(): Promise<void>;
}

const APPEND = 'select control.audit_append($1, $2, $3)';

/** Opens the trail of a process. With `isKeeper` it also looks after acts that other processes left unfinished. */
export function openAuditTrail(
  database: Database,
  log: Logger,
  options: { readonly isKeeper?: boolean } = {},
): AuditTrail {
  const write = (act: AuditAct, body: string, intent?: string, query: PlainQuery = database.query) =>
    query(APPEND, [act.tenantId ?? null, intent ?? null, body]);
  const refusals = new RefusalCounter(async (act, end, at) => {
    try {
      await write(act, bodyOf(act, end, at));
    } catch (error) {
      log.error({ err: error, action: act.action }, 'a refusal could not be recorded');
    }
  });
  const trail: AuditTrail = {
    audited: async (act, work, { isAnonymous = false } = {}) => {
      const intent = await begin(database, act);
      let noted = act;
      const end = async (how: AuditEnd): Promise<void> => {
        try {
          if (isAnonymous && how.outcome !== 'succeeded') {
            refusals.add(noted, how.code ?? '');
            await database.query('delete from control.audit_intent where id = $1', [intent]);
          } else await write(noted, bodyOf(noted, how), intent);
        } catch (error) {
          // The intent is still there and will be recorded as unknown.
          log.error({ err: error, action: act.action }, 'the end of an act could not be recorded');
        }
      };
      let result;
      try {
        result = await work(more => (noted = withNote(noted, more)));
      } catch (error) {
        await end(endOf(error));
        throw error;
      }
      if (noted.subject === undefined) noted = withNote(noted, subjectOf(noted, result));
      await end({ outcome: 'succeeded' });
      return result;
    },
    append: async (act, end) => {
      await write(act, bodyOf(act, end));
    },
    appendIn: async (tx, act, end) => {
      await tx.asPlatform(query =>
        write({ ...act, tenantId: tx.tenantId }, bodyOf(act, end), undefined, query),
      );
    },
    appendThrough: async (query, act, end) => {
      await write(act, bodyOf(act, end), undefined, query);
    },
    refuse: (act, code) => refusals.add(act, code),
    flush: () => refusals.flush(),
    sweep: (olderThanMinutes = ABANDONED_MINUTES) => sweep(database, olderThanMinutes),
    close: async () => {
      clearInterval(timer);
      await refusals.flush();
    },
  };
  const timer = setInterval(() => {
    void refusals.flush();
    if (options.isKeeper)
      trail.sweep().catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'unfinished acts could not be recorded');
      });
  }, FLUSH_MS);
  timer.unref();
  return trail;
}

async function begin(database: Database, act: AuditAct): Promise<string> {
  const id = newId();
  await database.query('insert into control.audit_intent (id, tenant_id, body) values ($1, $2, $3)', [
    id,
    act.tenantId ?? null,
    bodyOf(act, { outcome: 'unknown' }),
  ]);
  return id;
}

function withNote(act: AuditAct, note: AuditNote): AuditAct {
  return {
    ...act,
    ...(note.actor ? { origin: { ...act.origin, actor: note.actor } } : {}),
    ...(note.subject ? { subject: note.subject } : {}),
    ...(note.detail ? { detail: { ...act.detail, ...note.detail } } : {}),
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What was made: the `id` of the result. */
function subjectOf(act: AuditAct, result: unknown): AuditNote {
  if (typeof result !== 'object' || result === null || !('id' in result)) return {};
  const { id } = result;
  if (typeof id !== 'string' || !UUID.test(id)) return {};
  return { subject: { kind: act.action.split('.')[0] ?? '', id } };
}

function endOf(error: unknown): AuditEnd {
  if (!(error instanceof UserError)) return { outcome: 'failed', code: 'internal.unexpected' };
  const isRefusal = error.code.startsWith('auth.');
  return { outcome: isRefusal ? 'refused' : 'failed', code: error.code };
}

async function sweep(database: Database, olderThanMinutes: number): Promise<number> {
  let count = 0;
  for (;;) {
    const done = await database.control.transaction().execute(async trx => {
      const query = database.through(trx);
      // Chains are locked in the order of their names, so that two sweeps never wait for each other.
      const { rows } = await query(
        `select id, tenant_id, body from control.audit_intent
         where at < clock_timestamp() - make_interval(mins => $1::int)
         order by tenant_id, at limit ${SWEEP_BATCH} for update skip locked`,
        [olderThanMinutes],
      );
      for (const row of rows) {
        const tenant: TenantId | null =
          typeof row['tenant_id'] === 'string' ? tenantId(row['tenant_id']) : null;
        await query(APPEND, [tenant, row['id'], row['body']]);
      }
      return rows.length;
    });
    count += done;
    if (done < SWEEP_BATCH) return count;
  }
}
