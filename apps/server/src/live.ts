import { thingPath } from '@glacis/contract';
import { readProgress, type Platform } from '@glacis/domain';
import { messageOf, tenantId, UserError } from '@glacis/foundation';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerError, authorise } from './http.ts';

/** Shortest time between two messages to one watcher, ms: calm for eyes and database. */
const INTERVAL_MS = 250;
const PING_MS = 20_000;
/** Bytes waiting for a slow watcher before it is cut off; it comes back and gets the state of then. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** Adds the live feed of scans: GET /api/tenants/:tenant/scans/:id/live, upgraded to a WebSocket. */
export function addLiveFeed(server: FastifyInstance, platform: Platform): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  const access = 'scan.read' as const;
  server.get(
    '/api/tenants/:tenant/scans/:id/live',
    { config: { declared: { access } } },
    async (request, reply) => {
      try {
        const input = await authorise(request, undefined, platform, { access, params: thingPath });
        const { id } = thingPath.parse(input.params);
        const tenant = tenantId(input.tenant?.id ?? '');
        await platform.database.inTenant(tenant, tx => readProgress(tx, platform, id));
        if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
          throw new UserError('request.invalid', 'This address speaks WebSocket only.');
        }
        reply.hijack();
        sockets.handleUpgrade(request.raw, request.raw.socket, Buffer.alloc(0), socket =>
          feed(socket, platform, tenant, id),
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

function feed(
  socket: WebSocket,
  platform: Platform,
  tenant: ReturnType<typeof tenantId>,
  scanId: string,
): void {
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
      const result = await platform.database.inTenant(tenant, tx =>
        readProgress(tx, platform, scanId, cursor),
      );
      cursor = result.cursor;
      lastSentAt = Date.now();
      if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
      else if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(result.progress));
    } catch (error) {
      platform.log.debug({ reason: messageOf(error) }, 'a live message could not be made');
    } finally {
      isSending = false;
      if (isStale) soon();
    }
  };
  const soon = (): void => {
    isStale = true;
    if (timer || isSending || socket.readyState !== socket.OPEN) return;
    timer = setTimeout(() => void send(), Math.max(0, lastSentAt + INTERVAL_MS - Date.now()));
  };
  const unsubscribe = platform.hub.subscribe(change => {
    if (
      change === undefined ||
      (change.topic === 'scan' && change.id === scanId && change.tenantId === tenant)
    )
      soon();
  });
  const ping = setInterval(() => socket.ping(), PING_MS);
  socket.on('close', close).on('error', () => socket.terminate());
  soon();
}
