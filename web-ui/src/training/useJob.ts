import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/api';
import type { JobDetail, Metric } from '../api/types';
import { lostSince } from '../common/ui';
import { mergeByStep } from './curve';
import { isOver } from './jobs';

export type Feed = 'live' | 'polling' | 'over';

/** Points of a curve that are asked for; a chart is not much wider. */
export const POINTS = 2000;
/** Steps that may come live on top of them before the curve is asked for again, thinned. */
const MOST = 3 * POINTS;

/** A job and its measurements, kept current by the event stream, or by asking every few seconds where that fails. */
export function useJob(id: string) {
  const client = useQueryClient();
  const [feed, setFeed] = useState<Feed>('live');
  const job = useQuery({
    queryKey: ['job', id],
    queryFn: () => api.job(id),
    refetchInterval: (query) => {
      const current = query.state.data;
      if (!current) return false;
      // Its model is registered a moment after a job has ended, and the stream is closed by then.
      if (current.state === 'SUCCEEDED' && !current.modelId) return 1000;
      // Counted from the last event: a stream that has fallen silent may have nobody at its other end.
      return isOver(current) ? false : feed === 'polling' ? 2500 : 15_000;
    },
  });
  const metrics = useQuery({
    queryKey: ['metrics', id],
    queryFn: () => api.metrics(id, POINTS),
    refetchInterval: feed === 'polling' && job.data !== undefined && !isOver(job.data) ? 2500 : false,
    staleTime: 60_000,
  });
  const ready = job.data !== undefined && metrics.data !== undefined;
  const over = job.data !== undefined && isOver(job.data);

  useEffect(() => {
    if (!ready || over) return;
    const controller = new AbortController();
    let waiting: Metric[] = [];
    // Steps can come faster than a screen: what arrived is shown a few times a second.
    const flush = () => {
      if (waiting.length === 0) return;
      const more = waiting;
      waiting = [];
      const merged = client.setQueryData<Metric[]>(['metrics', id], (known = []) => mergeByStep(known, more));
      if ((merged?.length ?? 0) > MOST) void client.invalidateQueries({ queryKey: ['metrics', id] });
    };
    const timer = setInterval(flush, 300);
    const known = client.getQueryData<Metric[]>(['metrics', id]) ?? [];
    void (async () => {
      let ended = false;
      try {
        for await (const event of api.jobEvents(id, known.at(-1)?.step ?? -1, controller.signal)) {
          setFeed('live');
          if (event.type === 'metric') {
            const { type: _, ...metric } = event;
            waiting.push(metric as Metric);
          } else {
            const { type: _, ...change } = event;
            client.setQueryData<JobDetail>(['job', id], (known) => {
              // The list of states is not in the stream.
              if (known && known.state !== change.state) {
                void client.invalidateQueries({ queryKey: ['job', id] });
              }
              return known ? { ...known, ...change } : known;
            });
            ended = isOver(change);
          }
        }
      } catch {
        // Below: a broken stream is replaced by polling.
      }
      if (controller.signal.aborted) return;
      flush();
      if (!ended) setFeed('polling');
      // The last word is the job's own record, not the stream's.
      void client.invalidateQueries({ queryKey: ['job', id] });
      void client.invalidateQueries({ queryKey: ['metrics', id] });
    })();
    return () => {
      controller.abort();
      clearInterval(timer);
      flush();
    };
  }, [id, ready, over, client]);

  return { job, metrics, feed: over ? ('over' as const) : feed, lost: over ? null : lostSince(job, metrics) };
}
