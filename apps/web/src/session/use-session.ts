import type { SessionView } from '@glacis/contract';
import { useQuery } from '@tanstack/vue-query';
import { computed, type ComputedRef } from 'vue';
import { sessionQuery } from '../api/session.ts';

/** Who is signed in; undefined before that is known and when nobody is. */
export function useSession(): ComputedRef<SessionView | undefined> {
  const { data } = useQuery(sessionQuery);
  return computed(() => data.value);
}
