import type { Job } from '../api/types';
import { formatDuration } from '../common/format';

export function isOver(job: Pick<Job, 'state'>): boolean {
  return job.state === 'SUCCEEDED' || job.state === 'FAILED' || job.state === 'CANCELLED';
}

/** What makes a model of models goes through their tensors: there are no steps, no curves and no samples. */
export function countsTensors(job: Pick<Job, 'kind'>): boolean {
  return job.kind === 'fuse' || job.kind === 'grow';
}

export type Wish = 'pause' | 'resume' | 'cancel';

/** What can be asked of a job as it stands. */
export function wishes(job: Pick<Job, 'state' | 'pausing' | 'cancelling'>): Wish[] {
  if (isOver(job) || job.cancelling) return [];
  return job.state === 'PAUSED' || job.pausing ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

export function took(job: Pick<Job, 'startedAt' | 'finishedAt'>, now = Date.now()): string {
  if (!job.startedAt) return '–';
  const end = job.finishedAt ? new Date(job.finishedAt).getTime() : now;
  return formatDuration((end - new Date(job.startedAt).getTime()) / 1000);
}

/** What is left of it, in a word. */
export function left(job: Pick<Job, 'state' | 'secondsLeft' | 'pausing'>): string {
  if (isOver(job)) return '–';
  if (job.secondsLeft === null) return job.state === 'QUEUED' ? 'waits' : '–';
  const time = formatDuration(job.secondsLeft);
  return job.state === 'RUNNING' ? time : `${time} of work`;
}

const STAGES: Record<string, string> = {
  pretrain: 'Pre-training',
  finetune: 'Fine-tuning',
  reinforce: 'Reinforcement',
};
const KINDS: Record<string, string> = { train: 'Training', fuse: 'Fusion', grow: 'Growth' };

export function kindOf(job: Pick<Job, 'kind' | 'stage'>): string {
  return (job.stage && STAGES[job.stage]) || KINDS[job.kind] || job.kind;
}
