import { Progress } from '@mantine/core';
import type { Job } from '../api/types';
import { formatCount } from '../common/format';
import { countsTensors } from './jobs';

const COLORS: Partial<Record<Job['state'], string>> = {
  FAILED: 'red',
  CANCELLED: 'orange',
  PAUSED: 'yellow',
};

export function JobProgress({ job, stale = false }: { job: Job; stale?: boolean }) {
  const share = job.steps ? Math.min(100, (job.step / job.steps) * 100) : 0;
  if (job.steps === null && job.step === 0) {
    return <span className="muted small">{job.state === 'RUNNING' ? 'begins' : '–'}</span>;
  }
  return (
    <div className="job-progress">
      <Progress
        value={share}
        color={COLORS[job.state] ?? 'ink'}
        size="sm"
        animated={job.state === 'RUNNING' && !job.pausing && !stale}
        aria-label={`${job.name}: ${Math.floor(share)} percent`}
      />
      <span className="num small muted">
        {formatCount(job.step)} / {formatCount(job.steps)} {countsTensors(job) ? 'tensors' : 'steps'}
      </span>
    </div>
  );
}
