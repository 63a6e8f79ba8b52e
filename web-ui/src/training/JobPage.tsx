import { Alert, Button, Tabs } from '@mantine/core';
import { IconAlertTriangle, IconHourglass } from '@tabler/icons-react';
import { Link, useParams, useSearchParams } from 'react-router';
import type { JobDetail, Metric } from '../api/types';
import {
  formatBytes,
  formatCount,
  formatDateTime,
  formatNumber,
  formatPrecise,
  formatShort,
  words,
} from '../common/format';
import { ConnectionLost, Hash, JobStateBadge, Load, PageHead, Panel, useTitle } from '../common/ui';
import { evaluationOf, goalOf } from './curve';
import { JobControls } from './JobControls';
import { JobCurves } from './JobCurves';
import { JobLog } from './JobLog';
import { JobProgress } from './JobProgress';
import { JobSamples } from './JobSamples';
import { countsTensors, isOver, kindOf, left, took } from './jobs';
import { type Feed, useJob } from './useJob';

const TABS = ['curves', 'samples', 'log', 'recipe'] as const;
const TAB_WORDS = { curves: 'Curves', samples: 'Samples', log: 'Log', recipe: 'Recipe and data' };

export default function JobPage() {
  const { id = '' } = useParams();
  const { job, metrics, feed, lost } = useJob(id);
  useTitle(job.data?.name ?? 'Job');
  return (
    <Load query={job}>
      {(data) => <View job={data} metrics={metrics.data ?? []} feed={feed} lost={lost} />}
    </Load>
  );
}

function View({
  job,
  metrics,
  feed,
  lost,
}: {
  job: JobDetail;
  metrics: Metric[];
  feed: Feed;
  lost: Date | null;
}) {
  const [search, setSearch] = useSearchParams();
  const stale = lost !== null;
  const trains = !countsTensors(job);
  const tabs = TABS.filter((item) => trains || (item !== 'curves' && item !== 'samples'));
  const tab = tabs.find((item) => item === search.get('tab')) ?? tabs[0];
  const over = isOver(job);
  const goal = goalOf(job.latest);
  return (
    <>
      <ConnectionLost since={lost} />
      <PageHead
        title={
          <span className="title-row">
            {job.name} <JobStateBadge job={job} stale={stale} />
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
                Open the model and its lineage
              </Button>
            )}
            <JobControls job={job} disabled={stale} />
          </>
        }
      >
        {kindOf(job)} · started by {job.createdBy}, {formatDateTime(job.createdAt)}
        {job.worker && job.state === 'RUNNING' && <> · {job.worker}</>}
        {job.message && <> · {job.message}</>}
      </PageHead>
      <div className="stack">
        {job.error && (
          <Alert
            color="red"
            variant="light"
            icon={<IconAlertTriangle size={18} aria-hidden />}
            title="The job failed"
          >
            <div style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} data-testid="job-error">
              {job.error}
            </div>
          </Alert>
        )}
        {job.silent && (
          <Alert
            color="orange"
            variant="light"
            icon={<IconAlertTriangle size={18} aria-hidden />}
            title="Its worker fell silent"
            data-testid="job-silent"
          >
            {job.worker} was not heard of any more. The next free worker takes the job over and goes on from
            its last checkpoint.
          </Alert>
        )}
        {job.state === 'QUEUED' && (
          <Alert
            color="gray"
            variant="light"
            icon={<IconHourglass size={18} aria-hidden />}
            title="Waits for a worker"
            data-testid="job-waits"
          >
            Jobs run one after the other: it begins when a worker is free. <code>./medley worker</code> adds
            workers.
          </Alert>
        )}
        <Panel padded={false} className={stale ? 'stale' : ''}>
          <div style={{ padding: '12px 14px 6px' }}>
            <JobProgress job={job} stale={stale} />
          </div>
          <div className="stat-row">
            {!over && <Stat label="Left" value={left(job)} />}
            <Stat label={over ? 'Took' : 'Since its start'} value={took(job, lost?.getTime())} />
            {trains && <Stat label={words(goal)} value={formatNumber(job.latest[goal])} />}
            {job.latest[evaluationOf(goal)] !== undefined && (
              <Stat label={words(evaluationOf(goal))} value={formatNumber(job.latest[evaluationOf(goal)])} />
            )}
            {trains && <Stat label="Tokens per second" value={formatCount(job.latest.tokensPerSecond)} />}
            {job.latest.tokens !== undefined && (
              <Stat label="Tokens" value={formatShort(job.latest.tokens)} />
            )}
            {job.latest.mfu !== undefined && (
              <Stat label="MFU" value={`${formatNumber(job.latest.mfu * 100, 3)} %`} />
            )}
            {job.latest.peakMemory !== undefined && (
              <Stat label="Peak memory" value={formatBytes(job.latest.peakMemory)} />
            )}
            {trains && (
              <Stat
                label="Step takes"
                value={job.secondsPerStep === null ? '–' : `${formatNumber(job.secondsPerStep, 3)} s`}
              />
            )}
          </div>
        </Panel>
        <Panel padded={false}>
          <Tabs
            value={tab}
            onChange={(next) => setSearch(next === tabs[0] || !next ? {} : { tab: next }, { replace: true })}
            keepMounted={false}
          >
            <Tabs.List aria-label="What to see of the job">
              {tabs.map((item) => (
                <Tabs.Tab key={item} value={item} data-testid={`tab-${item}`}>
                  {TAB_WORDS[item]}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="curves">
              <JobCurves job={job} metrics={metrics} feed={feed} />
            </Tabs.Panel>
            <Tabs.Panel value="samples">
              <JobSamples job={job} />
            </Tabs.Panel>
            <Tabs.Panel value="log">
              <JobLog job={job} />
            </Tabs.Panel>
            <Tabs.Panel value="recipe">
              <Recipe job={job} />
            </Tabs.Panel>
          </Tabs>
        </Panel>
      </div>
    </>
  );
}

function Stat({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <span className="muted small">{label}</span>
      <strong>{value}</strong>
    </div>
  );
}

function Recipe({ job }: { job: JobDetail }) {
  return (
    <div className="job-recipe">
      <div style={{ minWidth: 0 }}>
        <p className="label">As it was submitted</p>
        <pre className="code">{job.recipe}</pre>
      </div>
      <div style={{ minWidth: 0 }}>
        <p className="label">Trained on</p>
        {job.datasets.length === 0 && <p className="muted">No dataset: it is made of models.</p>}
        <ul className="plain-list">
          {job.datasets.map((item) => (
            <li key={item.reference}>
              <Link
                className="link"
                to={`/datasets?name=${encodeURIComponent(item.name)}`}
                data-testid="job-dataset"
              >
                {item.name}, version {item.version}
              </Link>
              <Hash value={item.sha256} />
            </li>
          ))}
        </ul>
        <p className="label" style={{ marginTop: 14 }}>
          Its states
        </p>
        <ul className="plain-list" data-testid="job-history">
          {job.history.map((item) => (
            <li key={`${item.at} ${item.to}`}>
              <span>
                {item.to}
                {item.worker && item.to === 'RUNNING' && <span className="muted small"> {item.worker}</span>}
              </span>
              <span className="muted small num">{formatPrecise(item.at)}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
