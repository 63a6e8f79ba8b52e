import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  CopyButton,
  Loader,
  Skeleton,
  Stack,
  Tooltip,
} from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCopy, IconPlugConnectedX } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { asProblem, unreachable } from '../api/api';
import type { JobState, Model } from '../api/types';
import { formatPrecise, shortHash } from './format';

export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Medley`;
  }, [title]);
}

export function PageHead({
  title,
  children,
  actions,
}: {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className="page-head">
      <div style={{ minWidth: 0 }}>
        <h1>{title}</h1>
        {children && <p>{children}</p>}
      </div>
      {actions && <div className="page-actions">{actions}</div>}
    </div>
  );
}

export function Panel({
  title,
  aside,
  children,
  padded = true,
  className = '',
  testId,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  padded?: boolean;
  className?: string;
  testId?: string;
}) {
  return (
    <section className={`panel ${className}`} data-testid={testId}>
      {title && (
        <header>
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {padded ? <div className="body">{children}</div> : children}
    </section>
  );
}

export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="state">
      {icon}
      <strong>{title}</strong>
      {children && <div>{children}</div>}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error);
  return (
    <div className="state" role="alert">
      <IconAlertTriangle size={22} color="var(--danger)" aria-hidden />
      <strong>{problem.title}</strong>
      {problem.detail !== problem.title && <div>{problem.detail}</div>}
      <div className="mono">{problem.code}</div>
      {retry && (
        <Button size="xs" variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function ProblemAlert({ error, fields = [] }: { error: unknown; fields?: string[] }) {
  if (!error) return null;
  const problem = asProblem(error);
  const others = problem.others(fields);
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={problem.title}
      role="alert"
      data-testid="problem"
    >
      {problem.detail !== problem.title && <div style={{ whiteSpace: 'pre-wrap' }}>{problem.detail}</div>}
      {others.map((text) => (
        <div key={text}>{text}</div>
      ))}
      <div className="mono muted">{problem.code}</div>
    </Alert>
  );
}

/** Loading, failure and data of one query, the same everywhere. */
export function Load<T>({
  query,
  rows = 6,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />;
  return (
    <Stack gap={10} p="md" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={16} width={`${100 - ((row * 17) % 38)}%`} />
      ))}
    </Stack>
  );
}

/** Since when what is shown has not been renewed because the platform cannot be reached; null while it can. */
export function lostSince(...queries: UseQueryResult[]): Date | null {
  // A failed attempt tells it before the last one has failed, the last error while the next is on its way.
  const lost = queries.some(
    (query) =>
      query.data !== undefined && (query.isPaused || unreachable(query.failureReason ?? query.error)),
  );
  return lost ? new Date(Math.max(...queries.map((query) => query.dataUpdatedAt))) : null;
}

export function ConnectionLost({ since }: { since: Date | null }) {
  if (!since) return null;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconPlugConnectedX size={18} aria-hidden />}
      title="The connection to the platform is lost"
      role="alert"
      mb="sm"
      data-testid="connection-lost"
    >
      What is shown is of {formatPrecise(since.toISOString())} and has not been renewed since. It is asked for
      again every few seconds; this message goes away once the platform answers.
    </Alert>
  );
}

export function Busy({ children }: { children: ReactNode }) {
  return (
    <div className="state" role="status">
      <Loader size="sm" />
      <div>{children}</div>
    </div>
  );
}

export function Hash({ value, length = 10 }: { value: string | null | undefined; length?: number }) {
  if (!value) return <span className="muted">–</span>;
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 2, whiteSpace: 'nowrap' }}>
      <Tooltip
        label={
          <span className="mono" style={{ wordBreak: 'break-all' }}>
            {value}
          </span>
        }
      >
        <span className="mono">{shortHash(value, length)}</span>
      </Tooltip>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <ActionIcon
            size={20}
            onClick={(event) => {
              event.stopPropagation();
              copy();
            }}
            aria-label={copied ? 'Copied' : `Copy hash ${shortHash(value)}`}
          >
            {copied ? <IconCheck size={13} aria-hidden /> : <IconCopy size={13} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </span>
  );
}

const STATE_COLOR: Record<JobState, string> = {
  QUEUED: 'gray',
  RUNNING: 'blue',
  PAUSED: 'yellow',
  SUCCEEDED: 'teal',
  FAILED: 'red',
  CANCELLED: 'orange',
};

export function JobStateBadge({
  job,
  stale = false,
}: {
  job: { state: JobState; pausing?: boolean; cancelling?: boolean; silent?: boolean };
  /** The state last heard of; it may be another by now. */
  stale?: boolean;
}) {
  const wish = job.silent
    ? 'no word from its worker'
    : job.cancelling
      ? 'is being cancelled'
      : job.pausing
        ? 'pausing'
        : '';
  return (
    <span style={{ display: 'inline-flex', gap: 6, alignItems: 'center', whiteSpace: 'nowrap' }}>
      <Badge
        color={stale || job.silent ? 'gray' : STATE_COLOR[job.state]}
        data-testid="job-state"
        miw="max-content"
      >
        {job.state}
      </Badge>
      {wish && <span className="muted small">{wish}</span>}
    </span>
  );
}

export function ModelBadges({ model }: { model: Pick<Model, 'production' | 'servable'> }) {
  return (
    <span style={{ display: 'inline-flex', gap: 6 }}>
      {model.production && <Badge color="teal">In production</Badge>}
      {!model.servable && <Badge color="gray">Files not here</Badge>}
    </span>
  );
}
