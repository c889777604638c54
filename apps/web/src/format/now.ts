import { onScopeDispose, ref, type Ref } from 'vue';

const TICK_MS = 15_000;
const now = ref(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The present in milliseconds, moving every 15 seconds while somebody looks; one timer for the whole page. */
export function useNow(): Readonly<Ref<number>> {
  watchers += 1;
  if (watchers === 1) {
    now.value = Date.now();
    timer = setInterval(() => (now.value = Date.now()), TICK_MS);
  }
  onScopeDispose(() => {
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  });
  return now;
}
