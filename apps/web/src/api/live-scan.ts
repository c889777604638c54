import { scanProgress, type ScanProgress } from '@glacis/contract';
import { tenantUrl } from './client.ts';

/** How a live connection stands: before the first message, receiving, between two attempts, or over for good. */
export type LiveState = 'connecting' | 'live' | 'waiting' | 'ended';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A message longer than this is not parsed, characters. */
const MAX_MESSAGE_LENGTH = 8_000_000;

/** The wait before attempt number `attempt` (from 0), milliseconds: doubling, bounded, with up to a fifth of jitter. */
export function reconnectWaitMs(attempt: number, random: number): number {
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(waitMs * (0.8 + 0.2 * random));
}

/** True when nothing more will come of a scan. */
export function isOver(progress: ScanProgress): boolean {
  return ['completed', 'cancelled', 'failed'].includes(progress.scan.state);
}

/**
 * Watches a scan over its WebSocket until it is over, connecting again with growing waits when the line breaks. The
 * first message of each connection carries the last news once more. Returns what stops it.
 */
export function watchScan(
  of: { tenant: string; id: string },
  on: { progress: (progress: ScanProgress) => void; state: (state: LiveState) => void },
): () => void {
  const url = new URL(`${tenantUrl(of.tenant, 'scans', of.id)}/live`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let isStopped = false;

  function stop(): void {
    isStopped = true;
    clearTimeout(timer);
    socket?.close();
  }
  function receive(event: MessageEvent): void {
    if (typeof event.data !== 'string' || event.data.length > MAX_MESSAGE_LENGTH) return;
    const parsed = scanProgress.safeParse(parseJson(event.data));
    if (!parsed.success || isStopped) return;
    attempt = 0;
    on.state('live');
    on.progress(parsed.data);
    if (isOver(parsed.data)) {
      on.state('ended');
      stop();
    }
  }
  function connect(): void {
    socket = new WebSocket(url);
    socket.addEventListener('message', receive);
    socket.addEventListener('close', () => {
      if (isStopped) return;
      on.state('waiting');
      timer = setTimeout(connect, reconnectWaitMs(attempt, Math.random()));
      attempt += 1;
    });
  }

  on.state('connecting');
  connect();
  return stop;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
