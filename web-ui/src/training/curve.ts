import type { Metric } from '../api/types';

export interface Point {
  x: number;
  y: number;
}

export interface Series {
  label: string;
  points: Point[];
  /** Drawn as single measurements, joined by a dashed line. */
  marked?: boolean;
  /** Number of its colour, so that a run has the same one in every chart; otherwise each curve has its own. */
  color?: number;
}

type Column = (number | null)[];

/** uPlot's shape: one ascending column of positions, one column per series with null where it has no value. */
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

/** The value of a metric at a step, if it was measured there. */
export function measured(metric: Metric, name: string): number | undefined {
  const value = metric[name];
  return typeof value === 'number' ? value : undefined;
}

/** What curves can be drawn over. */
export type Axis = 'step' | 'tokens';

export function pointsOf(metrics: Metric[], name: string, axis: Axis = 'step'): Point[] {
  return metrics.flatMap((metric) => {
    const x = axis === 'step' ? metric.step : measured(metric, 'tokens');
    const y = measured(metric, name);
    return x === undefined || y === undefined ? [] : [{ x, y }];
  });
}

/** What a run gets better at: where answers are rewarded, their loss is near zero whatever they are worth. */
export function goalOf(latest: Record<string, unknown>): 'loss' | 'reward' {
  return typeof latest.reward === 'number' ? 'reward' : 'loss';
}

const FIRST = ['reward', 'loss', 'learningRate', 'gradientNorm', 'tokensPerSecond', 'mfu'];
/** Counts of the run itself, which say nothing as curves. */
const HIDDEN = new Set(['step', 'tokens', 'skipped']);

/** 'evaluationLoss' belongs to 'loss': it is drawn over the same axes. */
export function evaluationOf(name: string): string {
  return `evaluation${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** The metrics to draw, the usual ones first; an evaluation goes with what it evaluates. */
export function chartNames(runs: Metric[][]): string[] {
  const found = new Set<string>();
  for (const metrics of runs) {
    for (const metric of metrics) {
      for (const [name, value] of Object.entries(metric)) {
        if (typeof value === 'number' && !HIDDEN.has(name)) found.add(name);
      }
    }
  }
  const shown = [...found].filter(
    (name) => !(name.startsWith('evaluation') && [...found].some((other) => evaluationOf(other) === name)),
  );
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return shown.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export interface Run {
  id: string;
  label: string;
  metrics: Metric[];
}

/** The curves of one metric: of the run itself and those it is compared with. */
export function seriesOf(runs: Run[], name: string, axis: Axis): Series[] {
  const several = runs.length > 1;
  return runs.flatMap((run, color) => {
    const evaluation = pointsOf(run.metrics, evaluationOf(name), axis);
    const own = { label: several ? run.label : 'training', points: pointsOf(run.metrics, name, axis), color };
    return evaluation.length === 0
      ? [own]
      : [
          own,
          {
            label: several ? `evaluation of ${run.label}` : 'evaluation',
            points: evaluation,
            marked: true,
            color: several ? color : 1,
          },
        ];
  });
}

/** A logarithmic axis has no place for what is not above zero. */
export function logarithmic(series: Series[]): Series[] {
  return series.map((item) => ({ ...item, points: item.points.filter((point) => point.y > 0) }));
}
