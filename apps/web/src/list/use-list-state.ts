import { computed, type ComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { QueryValues } from '../api/client.ts';
import { readListState, writeListState, type ListSchema } from './list-state.ts';

/** A list's state, kept in the URL, and the ways to change it. */
export interface ListState<State> {
  readonly state: ComputedRef<State>;
  /** The state as parameters of the API. */
  readonly query: ComputedRef<QueryValues>;
  /** Changes some of it; any change but of the page itself goes back to the first page. */
  change: (part: Partial<State>) => void;
  /** Goes back to the defaults. */
  reset: () => void;
}

/** Keeps the state of a list in the URL's query. */
export function useListState<State extends { page: number }>(schema: ListSchema<State>): ListState<State> {
  const route = useRoute();
  const router = useRouter();
  const state = computed(() => readListState(schema, route.query));
  const query = computed(() => writeListState(schema, { ...state.value }));
  function change(part: Partial<State>): void {
    const next = { ...state.value, ...('page' in part ? {} : { page: 1 }), ...part };
    void router.replace({ query: writeListState(schema, next) });
  }
  return { state, query, change, reset: () => void router.replace({ query: {} }) };
}
