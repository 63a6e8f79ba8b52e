import { Alert, Button, Select, Tabs, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconPlayerStopFilled } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { api } from '../api/api';
import type { Job, Metric } from '../api/types';
import { formatCount, formatDateTime, formatDuration, formatNumber, formatShort } from '../common/format';
import { JobStateBadge, Load, PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';
import { CurveChart } from './CurveChart';
import { remainingSeconds, type Series } from './curve';
import { isOver, JobProgress, took } from './JobsPage';
import { type Feed, useJob, useMetrics } from './useJob';

const CURVES = [
  { key: 'loss', label: 'Loss', short: false },
  { key: 'learningRate', label: 'Learning rate', short: false },
  { key: 'gradientNorm', label: 'Gradient norm', short: false },
  { key: 'tokensPerSecond', label: 'Tokens per second', short: true },
] as const;

type CurveKey = (typeof CURVES)[number]['key'];

export default function JobPage() {
  const { id = '' } = useParams();
  const { job, metrics, feed } = useJob(id);
  useTitle(job.data?.name ?? 'Job');
  return <Load query={job}>{(data) => <View job={data} metrics={metrics.data ?? []} feed={feed} />}</Load>;
}

function View({ job, metrics, feed }: { job: Job; metrics: Metric[]; feed: Feed }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.cancelJob(job.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['job', job.id] }),
  });
  const last = metrics.at(-1);
  const evaluated = metrics.findLast((metric) => metric.evaluationLoss != null);
  const over = isOver(job);
  return (
    <>
      <PageHead
        title={
          <span style={{ display: 'inline-flex', gap: 10, alignItems: 'center' }}>
            {job.name} <JobStateBadge state={job.state} />
          </span>
        }
        actions={
          <>
            {job.modelId && (
              <Button
                component={Link}
                to={`/models/${encodeURIComponent(job.modelId)}`}
                data-testid="job-model"
              >
                Open the model
              </Button>
            )}
            {!over && (
              <Button
                variant="default"
                leftSection={<IconPlayerStopFilled size={15} aria-hidden />}
                onClick={() => cancel.mutate()}
                loading={cancel.isPending}
                data-testid="job-cancel"
              >
                Cancel job
              </Button>
            )}
          </>
        }
      >
        {job.kind} · started by {job.createdBy}, {formatDateTime(job.createdAt)}
        {job.message && <> · {job.message}</>}
      </PageHead>
      <div className="stack">
        <ProblemAlert error={cancel.error} />
        {job.error && (
          <Alert
            color="red"
            variant="light"
            icon={<IconAlertTriangle size={18} aria-hidden />}
            title="The job failed"
          >
            <div style={{ whiteSpace: 'pre-wrap' }} data-testid="job-error">
              {job.error}
            </div>
          </Alert>
        )}
        <Panel padded={false}>
          <div style={{ padding: '12px 14px 6px' }}>
            <JobProgress job={job} />
          </div>
          <div className="stat-row">
            <Stat label="Loss" value={formatNumber(last?.loss)} />
            <Stat label="Evaluation loss" value={formatNumber(evaluated?.evaluationLoss)} />
            <Stat
              label="Tokens per second"
              value={last?.tokensPerSecond == null ? '–' : formatCount(last.tokensPerSecond)}
            />
            <Stat label={over ? 'Took' : 'Running for'} value={took(job)} />
            <Stat label="Left" value={over ? '–' : formatDuration(remainingSeconds(job))} />
            <Stat label="Updates" value={FEEDS[feed]} />
          </div>
        </Panel>
        <Curves job={job} metrics={metrics} />
        {job.recipe && (
          <Panel title="Recipe">
            <pre className="code" style={{ maxHeight: 420 }}>
              {job.recipe}
            </pre>
          </Panel>
        )}
      </div>
    </>
  );
}

const FEEDS: Record<Feed, string> = { live: 'live', polling: 'every 2.5 s', over: 'ended' };

function Stat({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <span className="muted small">{label}</span>
      <strong>{value}</strong>
    </div>
  );
}

function Curves({ job, metrics }: { job: Job; metrics: Metric[] }) {
  const [tab, setTab] = useState<CurveKey>('loss');
  const [other, setOther] = useState<string | null>(null);
  const jobs = useQuery({ queryKey: ['jobs'], queryFn: api.jobs });
  const compared = useMetrics(other);
  const otherName = jobs.data?.find((item) => item.id === other)?.name ?? 'other';
  const curve = CURVES.find((item) => item.key === tab) ?? CURVES[0];
  const series = useMemo(() => {
    const out: Series[] = [
      { label: tab === 'loss' ? 'training' : curve.label.toLowerCase(), points: points(metrics, tab) },
    ];
    if (tab === 'loss') out.push({ label: 'evaluation', points: points(metrics, 'evaluationLoss') });
    if (other && compared.data) out.push({ label: otherName, points: points(compared.data, tab) });
    return out;
  }, [tab, curve.label, metrics, other, compared.data, otherName]);

  return (
    <Panel padded={false}>
      <Tabs value={tab} onChange={(value) => setTab((value as CurveKey | null) ?? 'loss')}>
        <div style={{ display: 'flex', alignItems: 'center', paddingRight: 12 }}>
          <Tabs.List style={{ flex: 1 }}>
            {CURVES.map((item) => (
              <Tabs.Tab key={item.key} value={item.key} data-testid={`curve-${item.key}`}>
                {item.label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tooltip label="Draw the same curve of another job over this one">
            <Select
              w={260}
              size="xs"
              aria-label="Compare with another job"
              placeholder="Compare with…"
              clearable
              searchable
              value={other}
              onChange={setOther}
              data={(jobs.data ?? [])
                .filter((item) => item.id !== job.id && item.step > 0)
                .map((item) => ({
                  value: item.id,
                  label: `${item.name} · ${formatDateTime(item.createdAt)}`,
                }))}
              data-testid="compare"
            />
          </Tooltip>
        </div>
      </Tabs>
      <div style={{ padding: '12px 14px' }}>
        <CurveChart series={series} yLabel={curve.label} short={curve.short} height={320} />
        {metrics.length > 0 && (
          <div className="muted small">
            {formatShort(metrics.length)} measurements · drag to zoom, double-click to see all
          </div>
        )}
      </div>
    </Panel>
  );
}

function points(metrics: Metric[], key: CurveKey | 'evaluationLoss') {
  return metrics.flatMap((metric) => {
    const y = metric[key];
    return y == null ? [] : [{ x: metric.step, y }];
  });
}
