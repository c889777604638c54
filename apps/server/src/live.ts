import { thingPath } from '@glacis/contract';
import { readProgress, type Platform } from '@glacis/domain';
import type { TenantTransaction } from '@glacis/db';
import { messageOf, tenantId, UserError, type TenantId } from '@glacis/foundation';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { authorise } from './authorise.ts';
import { answerError } from './http.ts';

/** Shortest time between two messages to one watcher, ms: calm for eyes and database. */
const INTERVAL_MS = 250;
const PING_MS = 20_000;
/** Bytes waiting for a slow watcher before it is cut off; it comes back and gets the state of then. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** Close code for a watcher whose session or right has ended. */
const NO_LONGER_ALLOWED = 4401;

/** Name for the audit log, where refusals are recorded. */
const ACTION = 'scans.watch';

/** Adds the live feed of scans: GET /api/tenants/:tenant/scans/:id/live, upgraded to a WebSocket. */
export function addLiveFeed(
  server: FastifyInstance,
  platform: Platform,
  intervalMs: number = INTERVAL_MS,
): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  const access = 'scan.read' as const;
  server.get(
    '/api/tenants/:tenant/scans/:id/live',
    { config: { declared: { access, action: ACTION } } },
    async (request, reply) => {
      try {
        const mayWatch = (first?: FastifyReply) =>
          authorise(request, first, platform, { access, action: ACTION, params: thingPath });
        const input = await mayWatch(reply);
        const { id } = thingPath.parse(input.params);
        const tenant = tenantId(input.tenant?.id ?? '');
        const viewer = input.caller?.userId;
        const within: Watch['within'] = work =>
          platform.database.inTenant(tenant, work, viewer ? { viewer } : {});
        await within(tx => readProgress(tx, platform, id));
        if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
          throw new UserError('request.invalid', 'This address speaks WebSocket only.');
        }
        reply.hijack();
        sockets.handleUpgrade(request.raw, request.raw.socket, Buffer.alloc(0), socket =>
          feed(socket, platform, { tenant, scanId: id, mayWatch: () => mayWatch(), within, intervalMs }),
        );
        return reply;
      } catch (error) {
        return answerError(error, request, reply);
      }
    },
  );
  server.addHook('onClose', () => {
    for (const socket of sockets.clients) socket.terminate();
  });
}

/** What a watcher watches. `mayWatch` rejects once the session or the right to read has ended. */
interface Watch {
  readonly tenant: TenantId;
  readonly scanId: string;
  readonly intervalMs: number;
  mayWatch(): Promise<unknown>;
  /** Reads with the rights that the watcher has then: one who sees only projects sees no more here. */
  within<T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T>;
}

function feed(socket: WebSocket, platform: Platform, watch: Watch): void {
  const { tenant, scanId, intervalMs } = watch;
  let cursor: Parameters<typeof readProgress>[3];
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = 0;
  let isSending = false;
  let isStale = false;

  const close = (): void => {
    clearTimeout(timer);
    clearInterval(ping);
    unsubscribe();
  };
  const send = async (): Promise<void> => {
    timer = undefined;
    isSending = true;
    isStale = false;
    try {
      await watch.mayWatch();
      const result = await watch.within(tx => readProgress(tx, platform, scanId, cursor));
      cursor = result.cursor;
      lastSentAt = Date.now();
      isStale ||= result.isMore;
      if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
      else if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(result.progress));
    } catch (error) {
      if (error instanceof UserError) socket.close(NO_LONGER_ALLOWED, error.message.slice(0, 100));
      platform.log.debug({ reason: messageOf(error) }, 'a live message could not be made');
    } finally {
      isSending = false;
      if (isStale) soon();
    }
  };
  const soon = (): void => {
    isStale = true;
    if (timer || isSending || socket.readyState !== socket.OPEN) return;
    timer = setTimeout(() => void send(), Math.max(0, lastSentAt + intervalMs - Date.now()));
  };
  const unsubscribe = platform.hub.subscribe(change => {
    if (
      change === undefined ||
      (change.topic === 'scan' && change.id === scanId && change.tenantId === tenant)
    )
      soon();
  });
  const ping = setInterval(() => {
    socket.ping();
    soon();
  }, PING_MS);
  socket.on('close', close).on('error', () => socket.terminate());
  soon();
}
