import { Alert, Badge, Button, Table, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import {
  IconChevronDown,
  IconChevronRight,
  IconSearch,
  IconShieldCheck,
  IconShieldX,
} from '@tabler/icons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { api } from '../api/api';
import type { AuditEvent, AuditPageData } from '../api/types';
import { formatCount, formatPrecise, shortHash } from '../common/format';
import { Empty, Failure, Hash, Load, PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';

const PAGE = 50;

export default function AuditPage() {
  useTitle('Audit');
  const [action, setAction] = useState('');
  const [actor, setActor] = useState('');
  const [filter] = useDebouncedValue({ action: action.trim(), actor: actor.trim() }, 300);
  const events = useInfiniteQuery({
    queryKey: ['audit', filter.action, filter.actor],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) =>
      api.audit({
        limit: PAGE,
        before: pageParam,
        action: filter.action || undefined,
        actor: filter.actor || undefined,
      }),
    getNextPageParam: (last: AuditPageData) => (last.more ? last.events.at(-1)?.sequence : undefined),
    // The pages hang together by their sequence numbers: read anew when asked, not behind the reader's back.
    refetchOnWindowFocus: false,
  });
  const verify = useMutation({ mutationFn: api.verifyAudit });
  const list = events.data?.pages.flatMap((page) => page.events) ?? [];

  return (
    <>
      <PageHead
        title="Audit"
        actions={
          <>
            <Button variant="default" onClick={() => events.refetch()} loading={events.isRefetching}>
              Refresh
            </Button>
            <Button
              leftSection={<IconShieldCheck size={16} aria-hidden />}
              onClick={() => verify.mutate()}
              loading={verify.isPending}
              data-testid="audit-verify"
            >
              Verify chain
            </Button>
          </>
        }
      >
        Every reading of patient data, every inference and every change, each sealed with the hash of the one
        before.
      </PageHead>
      <div className="stack">
        {verify.error && <ProblemAlert error={verify.error} />}
        {verify.data && (
          <Alert
            color={verify.data.valid ? 'teal' : 'red'}
            variant="light"
            icon={
              verify.data.valid ? (
                <IconShieldCheck size={18} aria-hidden />
              ) : (
                <IconShieldX size={18} aria-hidden />
              )
            }
            title={
              verify.data.valid
                ? `Valid: ${formatCount(verify.data.events)} events, none changed or missing`
                : `Broken at event ${verify.data.firstBroken?.sequence ?? '?'}`
            }
            role="status"
            data-testid="audit-result"
            data-valid={verify.data.valid}
          >
            {verify.data.valid ? (
              <>
                Head <Hash value={verify.data.headHash} length={64} />
              </>
            ) : (
              `${verify.data.firstBroken?.reason ?? 'The chain does not hold.'} What comes after it cannot be trusted.`
            )}
          </Alert>
        )}
        <Panel padded={false}>
          <div
            style={{ display: 'flex', gap: 10, padding: '10px 12px', borderBottom: '1px solid var(--line)' }}
          >
            <TextInput
              w={260}
              placeholder="Action or its beginning  ( / )"
              aria-label="Action"
              leftSection={<IconSearch size={16} aria-hidden />}
              value={action}
              onChange={(event) => setAction(event.currentTarget.value)}
              data-search
              data-testid="audit-action"
            />
            <TextInput
              w={220}
              placeholder="Actor, in full"
              aria-label="Actor"
              value={actor}
              onChange={(event) => setActor(event.currentTarget.value)}
              data-testid="audit-actor"
            />
          </div>
          {events.isPending ? (
            <Load query={events as never}>{() => null}</Load>
          ) : events.isError && list.length === 0 ? (
            <Failure error={events.error} retry={() => events.refetch()} />
          ) : list.length === 0 ? (
            <Empty title={filter.action || filter.actor ? 'No event matches' : 'No events yet'} />
          ) : (
            <>
              <AuditTable events={list} />
              {events.hasNextPage && (
                <div style={{ padding: 10, textAlign: 'center', borderTop: '1px solid var(--line)' }}>
                  <Button
                    variant="default"
                    size="xs"
                    onClick={() => events.fetchNextPage()}
                    loading={events.isFetchingNextPage}
                    data-testid="audit-more"
                  >
                    Older events
                  </Button>
                </div>
              )}
            </>
          )}
        </Panel>
      </div>
    </>
  );
}

function AuditTable({ events }: { events: AuditEvent[] }) {
  const [open, setOpen] = useState<number | null>(null);
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table className="table" verticalSpacing={5}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={34} />
            <Table.Th className="num">No.</Table.Th>
            <Table.Th>Time</Table.Th>
            <Table.Th>Actor</Table.Th>
            <Table.Th>Action</Table.Th>
            <Table.Th>Subject</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th>Hash</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {events.map((event) => {
            const shown = open === event.sequence;
            const toggle = () => setOpen(shown ? null : event.sequence);
            return (
              <Fragment key={event.sequence}>
                <Table.Tr data-open data-testid="audit-row" data-sequence={event.sequence} onClick={toggle}>
                  <Table.Td>
                    <button
                      type="button"
                      className="link"
                      aria-expanded={shown}
                      aria-label={`Details of event ${event.sequence}`}
                      style={{ display: 'flex' }}
                      onClick={(click) => {
                        click.stopPropagation();
                        toggle();
                      }}
                    >
                      {shown ? (
                        <IconChevronDown size={14} aria-hidden />
                      ) : (
                        <IconChevronRight size={14} aria-hidden />
                      )}
                    </button>
                  </Table.Td>
                  <Table.Td className="num muted">{event.sequence}</Table.Td>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>{formatPrecise(event.at)}</Table.Td>
                  <Table.Td>
                    {event.actor} <span className="muted small">{event.roles.join(', ')}</span>
                  </Table.Td>
                  <Table.Td className="mono">{event.action}</Table.Td>
                  <Table.Td className="mono truncate" maw={230} title={event.subject ?? ''}>
                    {event.subject ?? '–'}
                  </Table.Td>
                  <Table.Td>
                    <Badge size="sm" color={good(event.outcome) ? 'gray' : 'red'}>
                      {event.outcome.toLowerCase()}
                    </Badge>
                  </Table.Td>
                  <Table.Td className="mono muted">{shortHash(event.hash, 8)}</Table.Td>
                </Table.Tr>
                {shown && (
                  <Table.Tr>
                    <Table.Td />
                    <Table.Td colSpan={7} style={{ paddingBottom: 14 }}>
                      <pre className="code" style={{ maxHeight: 320 }} data-testid="audit-detail">
                        {JSON.stringify(event.detail ?? {}, null, 2)}
                      </pre>
                      <dl className="facts" style={{ marginTop: 8 }}>
                        <dt>Hash</dt>
                        <dd>
                          <Hash value={event.hash} length={64} />
                        </dd>
                        <dt>Of the event before</dt>
                        <dd>
                          <Hash value={event.previousHash} length={64} />
                        </dd>
                      </dl>
                    </Table.Td>
                  </Table.Tr>
                )}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function good(outcome: string): boolean {
  return /^(success|succeeded|ok|allowed|granted)$/i.test(outcome);
}
