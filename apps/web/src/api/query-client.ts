import { QueryCache, QueryClient } from '@tanstack/vue-query';
import { ApiError } from './api-error.ts';

const MAX_RETRIES = 2;

/** The cache of answers. `onError` hears of every failed read. Only what may pass by itself is tried again. */
export function createQueryClient(onError: (error: unknown) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < MAX_RETRIES && error instanceof ApiError && (error.status === 0 || error.status >= 502),
        refetchOnWindowFocus: true,
      },
    },
  });
}
