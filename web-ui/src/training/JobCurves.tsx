import { MultiSelect, SegmentedControl, Switch } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api } from '../api/api';
import type { Job, Metric } from '../api/types';
import { formatBytes, formatCount, formatNumber, formatPrecise, formatShort, words } from '../common/format';
import { CurveChart } from './CurveChart';
import { type Axis, chartNames, logarithmic, pointsOf, type Run, seriesOf } from './curve';
import { countsTensors } from './jobs';
import type { Feed } from './useJob';

const MOST_COMPARED = 7;

/** How values are written of which three digits say too little. */
const FORMATS: Record<string, (value: number) => string> = {
  tokensPerSecond: formatShort,
  peakMemory: formatBytes,
  mfu: (value) => `${formatNumber(value * 100, 3)} %`,
};

/** Every metric of a run by its name, beside those of other runs. */
export function JobCurves({ job, metrics, feed }: { job: Job; metrics: Metric[]; feed: Feed }) {
  const [others, setOthers] = useState<string[]>([]);
  const [axis, setAxis] = useState<Axis>('step');
  const [log, setLog] = useState(false);
  const jobs = useQuery({ queryKey: ['jobs'], queryFn: api.jobs });
  const compared = useQuery({
    queryKey: ['compare', others],
    queryFn: () => api.compareJobs(others, 1000),
    enabled: others.length > 0,
    placeholderData: keepPreviousData,
  });
  const runs = useMemo<Run[]>(() => {
    const chosen = (compared.data ?? []).filter((item) => others.includes(item.job.id));
    const names = [job.name, ...chosen.map((item) => item.job.name)];
    return [
      { id: job.id, label: job.name, metrics },
      ...chosen.map((item) => ({
        id: item.job.id,
        label: names.filter((name) => name === item.job.name).length > 1 ? label(item.job) : item.job.name,
        metrics: item.points,
      })),
    ];
  }, [job.id, job.name, metrics, others, compared.data]);
  const names = chartNames(runs.map((run) => run.metrics));
  const counted = runs.every(
    (run) => run.metrics.length === 0 || pointsOf(run.metrics, 'loss', 'tokens').length > 0,
  );
  const [first, ...rest] = names.length === 0 ? ['loss'] : names;
  return (
    <div>
      <div className="curve-tools">
        <MultiSelect
          size="xs"
          aria-label="Compare with other jobs"
          placeholder={others.length === 0 ? 'Compare with other jobs…' : undefined}
          clearable
          searchable
          maxValues={MOST_COMPARED}
          value={others}
          onChange={setOthers}
          nothingFoundMessage="No other job has curves"
          data={(jobs.data ?? [])
            .filter((item) => item.id !== job.id && item.step > 0 && !countsTensors(item))
            .map((item) => ({ value: item.id, label: label(item) }))}
          data-testid="compare"
          style={{ flex: '1 1 260px', minWidth: 0 }}
        />
        <SegmentedControl
          size="xs"
          aria-label="Over steps or tokens"
          value={axis}
          onChange={(value) => setAxis(value as Axis)}
          data={[
            { value: 'step', label: 'by step' },
            { value: 'tokens', label: 'by tokens', disabled: !counted },
          ]}
        />
        <Switch
          size="xs"
          label="Logarithmic"
          checked={log}
          onChange={(event) => setLog(event.currentTarget.checked)}
          data-testid="log-scale"
        />
      </div>
      {first && (
        <Chart name={first} runs={runs} axis={axis} log={log} height={320} testId={`${first}-chart`} />
      )}
      <div className="small-charts">
        {rest.map((name) => (
          <Chart
            key={name}
            name={name}
            runs={runs}
            axis={axis}
            log={log}
            height={190}
            testId={`${name}-chart`}
          />
        ))}
      </div>
      {metrics.length > 0 && (
        <div className="muted small" style={{ padding: '0 14px 12px' }}>
          {formatCount(metrics.length)} measurements shown, {UPDATES[feed]} · drag to zoom, double-click to
          see all
        </div>
      )}
    </div>
  );
}

const UPDATES: Record<Feed, string> = {
  live: 'further ones as they come',
  polling: 'further ones every 2.5 s',
  over: 'none will follow',
};

function label(job: Job): string {
  return `${job.name} · ${formatPrecise(job.createdAt)}`;
}

function Chart({
  name,
  runs,
  axis,
  log,
  height,
  testId,
}: {
  name: string;
  runs: Run[];
  axis: Axis;
  log: boolean;
  height: number;
  testId: string;
}) {
  const series = useMemo(() => {
    const all = seriesOf(runs, name, axis);
    return log ? logarithmic(all) : all;
  }, [runs, name, axis, log]);
  return (
    <figure className="chart-box">
      <figcaption className="label">{words(name)}</figcaption>
      <CurveChart
        series={series}
        yLabel={words(name)}
        xLabel={axis === 'step' ? 'step' : 'tokens'}
        log={log}
        format={FORMATS[name]}
        height={height}
        testId={testId}
      />
    </figure>
  );
}
