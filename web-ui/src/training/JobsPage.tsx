import { Button, Table } from '@mantine/core';
import {
  IconArrowMerge,
  IconBook2,
  IconChartLine,
  IconMessageCheck,
  IconStack2,
  IconTrophy,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { api } from '../api/api';
import type { Job } from '../api/types';
import { formatAgo, formatDateTime, formatPrecise, formatShort } from '../common/format';
import {
  ConnectionLost,
  Empty,
  JobStateBadge,
  Load,
  lostSince,
  PageHead,
  Panel,
  useTitle,
} from '../common/ui';
import { goalOf } from './curve';
import { JobControls } from './JobControls';
import { JobProgress } from './JobProgress';
import { isOver, kindOf, left, took } from './jobs';
import { STAGE_WORDS, STAGES, type Stage } from './recipeForm';

const ICONS: Record<Stage, typeof IconBook2> = {
  pretrain: IconBook2,
  finetune: IconMessageCheck,
  reinforce: IconTrophy,
  fuse: IconArrowMerge,
  grow: IconStack2,
};

export default function JobsPage() {
  useTitle('Training');
  const jobs = useQuery({
    queryKey: ['jobs'],
    queryFn: api.jobs,
    refetchInterval: ({ state }) =>
      state.status === 'error' || state.data?.some((job) => !isOver(job)) ? 2500 : 30_000,
  });
  const lost = lostSince(jobs);
  return (
    <>
      <ConnectionLost since={lost} />
      <PageHead title="Training">Jobs run here, on this hospital's data, one after the other.</PageHead>
      <nav className="stages" aria-label="Start a job">
        {STAGES.map((stage) => {
          const Icon = ICONS[stage];
          const { button, about } = STAGE_WORDS[stage];
          return (
            <Link
              key={stage}
              to={`/training/new?stage=${stage}`}
              className="stage"
              data-testid={`start-${stage}`}
            >
              <Icon size={20} aria-hidden />
              <span>
                <strong>{button}</strong>
                <span className="muted small">{about}</span>
              </span>
            </Link>
          );
        })}
      </nav>
      <Panel title="Jobs" padded={false}>
        <Load query={jobs}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon={<IconChartLine size={26} aria-hidden />} title="No jobs yet">
                <p>A shipped recipe trains a small model in minutes.</p>
                <Button component={Link} to="/training/new?stage=finetune" size="xs">
                  Start a job
                </Button>
              </Empty>
            ) : (
              <Jobs list={list} stale={lost !== null} />
            )
          }
        </Load>
      </Panel>
    </>
  );
}

function Jobs({ list, stale }: { list: Job[]; stale: boolean }) {
  const navigate = useNavigate();
  const names = list.map((job) => job.name);
  const shared = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return (
    <Table className="table cards">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Job</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th w={230}>Progress</Table.Th>
          <Table.Th className="num">Left</Table.Th>
          <Table.Th className="num">Tokens/s</Table.Th>
          <Table.Th className="num">Loss</Table.Th>
          <Table.Th>Created</Table.Th>
          <Table.Th className="num">Took</Table.Th>
          <Table.Th aria-label="Pause, resume, cancel" />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {list.map((job) => (
          <Table.Tr
            key={job.id}
            data-open
            data-testid="job-row"
            onClick={() => navigate(`/training/${encodeURIComponent(job.id)}`)}
          >
            <Table.Td maw={340} className="card-title">
              <Link
                className="link"
                to={`/training/${encodeURIComponent(job.id)}`}
                onClick={(event) => event.stopPropagation()}
              >
                {job.name}
              </Link>{' '}
              <span className="muted small">
                {kindOf(job)}
                {shared(job.name) && <> · {formatPrecise(job.createdAt)}</>}
              </span>
              {(job.error || job.message) && (
                <div
                  className="small clamp"
                  style={{ color: job.error ? 'var(--danger)' : 'var(--muted)' }}
                  title={job.error ?? job.message ?? ''}
                >
                  {job.error ?? job.message}
                </div>
              )}
            </Table.Td>
            <Table.Td data-label="State">
              <JobStateBadge job={job} stale={stale && !isOver(job)} />
            </Table.Td>
            <Table.Td data-label="Progress">
              <JobProgress job={job} stale={stale} />
            </Table.Td>
            <Table.Td className="num" data-label="Left" data-empty={isOver(job)}>
              {left(job)}
            </Table.Td>
            <Table.Td
              className="num"
              data-label="Tokens/s"
              data-empty={job.latest.tokensPerSecond === undefined}
            >
              {formatShort(job.latest.tokensPerSecond)}
            </Table.Td>
            <Table.Td className="num" data-label="Loss" data-empty={job.latest.loss === undefined}>
              <span>
                {goalOf(job.latest) === 'reward' && <span className="muted small">reward </span>}
                {formatShort(job.latest[goalOf(job.latest)])}
              </span>
            </Table.Td>
            <Table.Td
              title={`${formatDateTime(job.createdAt)} by ${job.createdBy}`}
              style={{ whiteSpace: 'nowrap' }}
              data-label="Created"
            >
              {formatAgo(job.createdAt)}
            </Table.Td>
            <Table.Td className="num" data-label="Took" data-empty={!job.startedAt}>
              {took(job)}
            </Table.Td>
            <Table.Td className="num" data-empty={isOver(job)}>
              <JobControls job={job} small disabled={stale} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
