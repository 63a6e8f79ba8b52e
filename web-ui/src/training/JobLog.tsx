import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api } from '../api/api';
import type { Job, LogLine } from '../api/types';
import { formatPrecise } from '../common/format';
import { Load } from '../common/ui';
import { isOver } from './jobs';
import { useLastFetch } from './useLastFetch';

/** What the job said, the newest at the end, which is followed as long as the reader is there. */
export function JobLog({ job }: { job: Job }) {
  const client = useQueryClient();
  const log = useQuery({
    queryKey: ['log', job.id],
    queryFn: async () => {
      const known = client.getQueryData<LogLine[]>(['log', job.id]) ?? [];
      return [...known, ...(await api.jobLog(job.id, known.at(-1)?.sequence ?? 0))];
    },
    refetchInterval: isOver(job) ? false : 2000,
  });
  useLastFetch(isOver(job), log.refetch);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const count = log.data?.length ?? 0;
  useEffect(() => {
    const element = box.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [count]);
  return (
    <Load query={log}>
      {(lines) =>
        lines.length === 0 ? (
          <div className="state">Nothing yet.</div>
        ) : (
          <div
            className="job-log"
            role="log"
            aria-label="Log"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
            tabIndex={0}
            ref={box}
            onScroll={(event) => {
              const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
              atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
            }}
            data-testid="job-log"
          >
            {lines.map((line) => (
              <div key={line.sequence}>
                <time dateTime={line.at}>{formatPrecise(line.at)}</time>
                <span>{line.text}</span>
              </div>
            ))}
          </div>
        )
      }
    </Load>
  );
}
