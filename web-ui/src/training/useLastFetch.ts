import { useEffect } from 'react';

/** Fetches once more what was fetched from time to time, when there is nothing more to come. */
export function useLastFetch(over: boolean, refetch: (options: { cancelRefetch: boolean }) => unknown) {
  useEffect(() => {
    if (over) void refetch({ cancelRefetch: false });
  }, [over, refetch]);
}
