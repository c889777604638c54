import type { ScanNews, ScanProgress } from '@glacis/contract';
import { useQuery, useQueryClient } from '@tanstack/vue-query';
import {
  computed,
  onScopeDispose,
  ref,
  shallowRef,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from 'vue';
import { isOver, watchScan, type LiveState } from '../../api/live-scan.ts';
import { scanQuery } from '../../api/scans.ts';
import { mergeNews } from './news-feed.ts';
import { extendCurve, type CurvePoint } from './scan-curve.ts';

/** A scan as it happens. */
export interface LiveScan {
  readonly progress: ComputedRef<ScanProgress | undefined>;
  readonly error: Ref<Error | null>;
  /** What came, newest first. */
  readonly feed: ShallowRef<readonly ScanNews[]>;
  readonly curve: ShallowRef<readonly CurvePoint[]>;
  readonly connection: Ref<LiveState>;
  /** Time since the start, milliseconds; moves on between messages while the scan runs. */
  readonly elapsedMs: Ref<number>;
  readonly retry: () => void;
}

const CLOCK_MS = 250;

/** Reads a scan and follows it live until it is over. */
export function useLiveScan(tenant: string, id: string): LiveScan {
  const queryClient = useQueryClient();
  const options = scanQuery(tenant, id);
  const { data, error, refetch } = useQuery(options);
  const feed = shallowRef<readonly ScanNews[]>([]);
  const curve = shallowRef<readonly CurvePoint[]>([{ elapsedMs: 0, assets: 0, findings: 0 }]);
  const connection = ref<LiveState>('connecting');
  const elapsedMs = ref(0);
  let receivedAt = performance.now();
  let stop: (() => void) | undefined;

  function take(progress: ScanProgress): void {
    receivedAt = performance.now();
    elapsedMs.value = progress.elapsedMs;
    feed.value = mergeNews(feed.value, progress.news);
    curve.value = extendCurve(curve.value, {
      elapsedMs: progress.elapsedMs,
      assets: progress.scan.assetCount,
      findings: Object.values(progress.scan.findings).reduce((sum, count) => sum + count, 0),
    });
  }
  function receive(progress: ScanProgress): void {
    queryClient.setQueryData(options.queryKey, progress);
    if (isOver(progress))
      void queryClient.invalidateQueries({ queryKey: ['tenant', tenant], refetchType: 'none' });
  }
  watch(
    data,
    progress => {
      if (!progress) return;
      take(progress);
      if (isOver(progress)) {
        connection.value = 'ended';
        stop?.();
      } else {
        stop ??= watchScan({ tenant, id }, { progress: receive, state: state => (connection.value = state) });
      }
    },
    { immediate: true },
  );
  const clock = setInterval(() => {
    const progress = data.value;
    if (progress && !isOver(progress)) elapsedMs.value = progress.elapsedMs + performance.now() - receivedAt;
  }, CLOCK_MS);
  onScopeDispose(() => {
    stop?.();
    clearInterval(clock);
  });
  return {
    progress: computed(() => data.value),
    error,
    feed,
    curve,
    connection,
    elapsedMs,
    retry: () => void refetch(),
  };
}
