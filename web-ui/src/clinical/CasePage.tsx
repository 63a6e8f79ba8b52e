import { Alert, Button, Drawer, NativeSelect } from '@mantine/core';
import { IconAlertTriangle, IconFlag3, IconReportMedical, IconSignature } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, useLocation, useNavigate, useParams, useSearchParams } from 'react-router';
import { api } from '../api/api';
import type { Assessment, ClinicalCase } from '../api/types';
import { formatDateTime, formatProbability, shortHash } from '../common/format';
import { Empty, Failure, Load, Panel, ProblemAlert, useTitle } from '../common/ui';
import { LineageView } from '../models/LineageView';
import { CaseFacts } from './CaseFacts';
import { Differential } from './Differential';
import { Passages } from './Passages';
import { ReasoningPanel } from './ReasoningPanel';
import { useReasoning } from './reasoning';
import { SignDialog } from './SignDialog';

export default function CasePage() {
  const { id = '' } = useParams();
  const item = useQuery({ queryKey: ['case', id], queryFn: () => api.case(id) });
  useTitle(item.data?.title || item.data?.complaint || 'Case');
  return <Load query={item}>{(data) => <CaseView item={data} />}</Load>;
}

function CaseView({ item }: { item: ClinicalCase }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const vocabulary = useQuery({
    queryKey: ['vocabulary'],
    queryFn: api.vocabulary,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const history = [...item.assessments].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const chosen = params.get('assessment') ?? history[0]?.id;
  const assessment = useQuery({
    queryKey: ['assessment', chosen],
    queryFn: () => api.assessment(chosen ?? ''),
    enabled: chosen !== undefined,
    staleTime: 60_000,
  });
  const assess = useMutation({
    mutationFn: () => api.assess(item.id),
    onSuccess: async (made) => {
      client.setQueryData(['assessment', made.id], made);
      await client.invalidateQueries({ queryKey: ['case', item.id] });
      navigate(`/cases/${encodeURIComponent(item.id)}`, { state: { write: made.id } });
    },
  });

  const assessButton = (
    <Button
      variant={history.length ? 'default' : 'filled'}
      leftSection={<IconReportMedical size={16} aria-hidden />}
      onClick={() => assess.mutate()}
      loading={assess.isPending}
      data-testid="assess"
    >
      {history.length ? 'Assess again' : 'Assess'}
    </Button>
  );

  return (
    <>
      <div className="page-head">
        <div style={{ minWidth: 0 }}>
          <h1>{item.title || item.complaint}</h1>
          <p>
            {item.age} years, {item.sex} · entered {formatDateTime(item.createdAt)}
            {assessment.data?.model && (
              <>
                {' · answered by '}
                <AnswerModel model={assessment.data.model} />
              </>
            )}
          </p>
        </div>
        <div style={{ display: 'flex', gap: 8, flexShrink: 0, alignItems: 'center' }}>
          {history.length > 1 && (
            <NativeSelect
              aria-label="Assessment"
              size="sm"
              value={chosen}
              onChange={(event) =>
                navigate(
                  `/cases/${encodeURIComponent(item.id)}?assessment=${encodeURIComponent(event.currentTarget.value)}`,
                )
              }
              data={history.map((entry, index) => ({
                value: entry.id,
                label: `${formatDateTime(entry.createdAt)}${entry.signedAt ? ' · signed' : ''}${index === 0 ? ' · latest' : ''}`,
              }))}
              data-testid="assessment-select"
            />
          )}
          {history.length > 0 && assessButton}
          {assessment.data && <SignButton assessment={assessment.data} />}
        </div>
      </div>
      {assess.error && (
        <div style={{ marginBottom: 14 }}>
          <ProblemAlert error={assess.error} />
        </div>
      )}
      {chosen === undefined ? (
        <div className="case">
          <aside>
            <CaseFacts item={item} vocabulary={vocabulary.data} assessment={undefined} />
          </aside>
          <Panel className="wide">
            <Empty icon={<IconReportMedical size={26} aria-hidden />} title="Not assessed yet">
              <p>The differential is computed from the findings; the model then explains it.</p>
              {assessButton}
            </Empty>
          </Panel>
        </div>
      ) : assessment.data ? (
        <AssessmentView key={assessment.data.id} item={item} assessment={assessment.data} />
      ) : assessment.isError ? (
        <Failure error={assessment.error} retry={() => assessment.refetch()} />
      ) : (
        <Load query={assessment} rows={14}>
          {() => null}
        </Load>
      )}
    </>
  );
}

function AnswerModel({ model }: { model: NonNullable<Assessment['model']> }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <button type="button" className="link" onClick={() => setOpened(true)} data-testid="answer-model">
        {model.name} {model.version} <span className="mono">{shortHash(model.sha256, 8)}</span>
      </button>
      <Drawer
        opened={opened}
        onClose={() => setOpened(false)}
        position="right"
        size="min(1400px, 94vw)"
        title={
          <span>
            Where <strong>{model.name}</strong> {model.version} comes from{' · '}
            <Link className="link" to={`/models/${encodeURIComponent(model.id)}`}>
              open the model
            </Link>
          </span>
        }
      >
        <LineageView modelId={model.id} />
      </Drawer>
    </>
  );
}

function SignButton({ assessment }: { assessment: Assessment }) {
  const [opened, setOpened] = useState(false);
  if (assessment.signed) return null;
  return (
    <>
      <Button
        leftSection={<IconSignature size={16} aria-hidden />}
        onClick={() => setOpened(true)}
        data-testid="sign"
      >
        Sign
      </Button>
      <SignDialog assessment={assessment} opened={opened} close={() => setOpened(false)} />
    </>
  );
}

function AssessmentView({ item, assessment }: { item: ClinicalCase; assessment: Assessment }) {
  const client = useQueryClient();
  const location = useLocation();
  const navigate = useNavigate();
  const vocabulary = useQuery({
    queryKey: ['vocabulary'],
    queryFn: api.vocabulary,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [active, setActive] = useState<{ number: number } | null>(null);
  const onDone = useCallback(
    () => void client.invalidateQueries({ queryKey: ['assessment', assessment.id] }),
    [client, assessment.id],
  );
  const { state, start, stop } = useReasoning(assessment.id, onDone);

  // An assessment made a moment ago goes on to its written part by itself; a reload does not start it again.
  const begun = useRef(false);
  const wanted = (location.state as { write?: string } | null)?.write === assessment.id;
  useEffect(() => {
    if (!wanted || begun.current || assessment.reasoning) return;
    const timer = setTimeout(() => {
      begun.current = true;
      navigate(`${location.pathname}${location.search}`, { replace: true, state: null });
      void start();
    });
    return () => clearTimeout(timer);
  }, [wanted, assessment.reasoning, start, navigate, location.pathname, location.search]);

  return (
    <div className="case">
      <aside>
        <CaseFacts item={item} vocabulary={vocabulary.data} assessment={assessment} />
      </aside>
      <div className="stack">
        {assessment.signed && (
          <Alert
            color="teal"
            variant="light"
            icon={<IconSignature size={18} aria-hidden />}
            data-testid="signed"
          >
            <strong>Signed by {assessment.signed.by}</strong>, {formatDateTime(assessment.signed.at)}
            {assessment.signed.note && <div style={{ whiteSpace: 'pre-wrap' }}>{assessment.signed.note}</div>}
          </Alert>
        )}
        {assessment.redFlags.length > 0 && (
          <div className="flags" role="note" aria-label="Red flags" data-testid="red-flags">
            {assessment.redFlags.map((flag) => (
              <span key={flag.finding} className="flag">
                <IconFlag3 size={14} aria-hidden /> {flag.label}
              </span>
            ))}
          </div>
        )}
        {assessment.cantMiss.length > 0 && (
          <Panel
            className="urgent"
            padded={false}
            title={
              <span style={{ display: 'inline-flex', alignItems: 'center', gap: 7, color: 'var(--danger)' }}>
                <IconAlertTriangle size={16} aria-hidden /> Can't miss
              </span>
            }
            aside={<span className="muted small">Dangerous if overlooked, whatever their rank</span>}
          >
            <ul className="cant-miss" data-testid="cant-miss">
              {assessment.cantMiss.map((entry) => (
                <li key={entry.conditionId} data-testid="cant-miss-row" data-condition={entry.conditionId}>
                  <span>
                    <strong>{entry.name}</strong> <span className="mono muted">{entry.icd10}</span>
                  </span>
                  <span className="num">{formatProbability(entry.probability)}</span>
                  <span className="muted">{entry.why}</span>
                </li>
              ))}
            </ul>
          </Panel>
        )}
        <Panel
          title="Differential"
          padded={false}
          aside={
            <span className="muted small">
              Computed from the findings · knowledge base {assessment.knowledge.version}
            </span>
          }
        >
          {assessment.differential.length === 0 ? (
            <Empty title="Nothing in the knowledge base fits">
              Too little was entered, or it lies outside the specialties covered.
            </Empty>
          ) : (
            <Differential candidates={assessment.differential} />
          )}
        </Panel>
        {assessment.nextTests.length > 0 && (
          <Panel title="Next tests, and what each would change" padded={false}>
            <ul className="cant-miss next-tests" data-testid="next-tests">
              {assessment.nextTests.map((entry) => (
                <li key={`${entry.test} ${entry.condition}`}>
                  <strong style={{ fontWeight: 550 }}>{entry.test}</strong>
                  <span className="muted small" style={{ textAlign: 'right' }}>
                    {entry.discriminates.length > 0 ? entry.discriminates.join(' / ') : entry.condition}
                  </span>
                  <span className="muted" style={{ gridColumn: '1 / -1' }}>
                    {entry.changes}
                  </span>
                </li>
              ))}
            </ul>
          </Panel>
        )}
        <ReasoningPanel
          assessment={assessment}
          state={state}
          start={() => void start()}
          stop={stop}
          active={active?.number ?? null}
          open={(number) => setActive({ number })}
        />
        <p className="muted small" style={{ margin: 0 }}>
          {assessment.knowledge.notice}
        </p>
      </div>
      <aside>
        <Passages passages={assessment.passages} active={active} />
      </aside>
    </div>
  );
}
