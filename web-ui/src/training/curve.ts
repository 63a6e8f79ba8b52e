export interface Point {
  x: number;
  y: number;
}

export interface Series {
  label: string;
  points: Point[];
}

type Column = (number | null)[];

/** uPlot's shape: one ascending column of steps, one column per series with null where it has no value. */
export function joinSeries(series: Series[]): [number[], ...Column[]] {
  const steps = [...new Set(series.flatMap((item) => item.points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  const columns = series.map((item) => {
    const values = new Map(item.points.map((point) => [point.x, point.y]));
    return steps.map((step) => {
      const value = values.get(step);
      return value === undefined || !Number.isFinite(value) ? null : value;
    });
  });
  return [steps, ...columns];
}

/** Metrics arrive twice when a stream is opened again: one per step, in order. */
export function mergeByStep<T extends { step: number }>(known: T[], more: T[]): T[] {
  const last = known.at(-1)?.step ?? -1;
  if (more.every((item, index) => item.step > (index === 0 ? last : (more[index - 1]?.step ?? last)))) {
    return more.length === 0 ? known : [...known, ...more];
  }
  const all = new Map(known.map((item) => [item.step, item]));
  for (const item of more) all.set(item.step, item);
  return [...all.values()].sort((a, b) => a.step - b.step);
}

/** Seconds to the end, from the pace since the start; null before the first step. */
export function remainingSeconds(
  job: { step: number; steps: number | null; startedAt: string | null },
  now = Date.now(),
): number | null {
  if (!job.startedAt || job.step <= 0 || !job.steps) return null;
  const elapsed = (now - new Date(job.startedAt).getTime()) / 1000;
  return elapsed < 0 ? null : (elapsed / job.step) * Math.max(0, job.steps - job.step);
}
