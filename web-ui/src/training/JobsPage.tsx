import { Button, Progress, Table } from '@mantine/core';
import { IconChartLine, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { api } from '../api/api';
import type { Job } from '../api/types';
import { formatAgo, formatCount, formatDateTime, formatDuration } from '../common/format';
import { Empty, JobStateBadge, Load, PageHead, Panel, useTitle } from '../common/ui';

export function isOver(job: Pick<Job, 'state'>): boolean {
  return job.state === 'SUCCEEDED' || job.state === 'FAILED' || job.state === 'CANCELLED';
}

export default function JobsPage() {
  useTitle('Training');
  const navigate = useNavigate();
  const jobs = useQuery({
    queryKey: ['jobs'],
    queryFn: api.jobs,
    refetchInterval: (query) => (query.state.data?.some((job) => !isOver(job)) ? 3000 : 30_000),
  });
  return (
    <>
      <PageHead
        title="Training"
        actions={
          <Button
            component={Link}
            to="/training/new"
            leftSection={<IconPlus size={16} aria-hidden />}
            data-testid="job-new"
          >
            Start a job
          </Button>
        }
      >
        Training, fusion and evaluation jobs. They run here, on this hospital's data.
      </PageHead>
      <Panel padded={false}>
        <Load query={jobs}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon={<IconChartLine size={26} aria-hidden />} title="No jobs yet">
                <p>A shipped recipe trains a small model in minutes.</p>
                <Button component={Link} to="/training/new" size="xs">
                  Start a job
                </Button>
              </Empty>
            ) : (
              <Table className="table">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Job</Table.Th>
                    <Table.Th>Kind</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th w={260}>Progress</Table.Th>
                    <Table.Th>Started by</Table.Th>
                    <Table.Th>Created</Table.Th>
                    <Table.Th className="num">Took</Table.Th>
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
                      <Table.Td maw={340}>
                        <Link
                          className="link"
                          to={`/training/${encodeURIComponent(job.id)}`}
                          onClick={(event) => event.stopPropagation()}
                        >
                          {job.name}
                        </Link>
                        {(job.error || job.message) && (
                          <div
                            className="small truncate"
                            style={{ color: job.error ? 'var(--danger)' : 'var(--muted)' }}
                            title={job.error ?? job.message ?? ''}
                          >
                            {job.error ?? job.message}
                          </div>
                        )}
                      </Table.Td>
                      <Table.Td>{job.kind}</Table.Td>
                      <Table.Td>
                        <JobStateBadge state={job.state} />
                      </Table.Td>
                      <Table.Td>
                        <JobProgress job={job} />
                      </Table.Td>
                      <Table.Td>{job.createdBy}</Table.Td>
                      <Table.Td title={formatDateTime(job.createdAt)} style={{ whiteSpace: 'nowrap' }}>
                        {formatAgo(job.createdAt)}
                      </Table.Td>
                      <Table.Td className="num">{took(job)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )
          }
        </Load>
      </Panel>
    </>
  );
}

export function took(job: Job): string {
  if (!job.startedAt) return '–';
  const end = job.finishedAt ? new Date(job.finishedAt).getTime() : Date.now();
  return formatDuration((end - new Date(job.startedAt).getTime()) / 1000);
}

export function JobProgress({ job }: { job: Job }) {
  const share = job.steps ? Math.min(100, (job.step / job.steps) * 100) : 0;
  const color = job.state === 'FAILED' ? 'red' : job.state === 'CANCELLED' ? 'orange' : 'ink';
  return (
    <div
      style={{
        display: 'grid',
        gridTemplateColumns: 'minmax(60px, 1fr) max-content',
        gap: 10,
        alignItems: 'center',
      }}
    >
      <Progress value={share} color={color} size="sm" aria-label={`${Math.round(share)} percent`} />
      <span className="num small muted">
        {formatCount(job.step)} / {formatCount(job.steps)}
      </span>
    </div>
  );
}
