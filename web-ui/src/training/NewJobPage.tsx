import { Alert, Button, Select, Tabs } from '@mantine/core';
import { IconCheck, IconPencil } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api } from '../api/api';
import type { Validation } from '../api/types';
import { PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';
import { RecipeEditor } from './RecipeEditor';
import {
  emptyForm,
  missing,
  type RecipeForm,
  recipeYaml,
  STAGE_WORDS,
  STAGES,
  type Stage,
} from './recipeForm';
import { StageForm } from './StageForm';
import { useValidation } from './useValidation';

const NOTHING = 'Take a shipped recipe, or write one.';

export default function NewJobPage() {
  const [search, setSearch] = useSearchParams();
  const asked = search.get('stage');
  const stage: Stage = STAGES.find((item) => item === asked) ?? 'finetune';
  // Another stage is another form.
  return <View key={stage} stage={stage} change={(next) => setSearch({ stage: next }, { replace: true })} />;
}

function View({ stage, change }: { stage: Stage; change: (stage: Stage) => void }) {
  const words = STAGE_WORDS[stage];
  useTitle(words.title);
  const navigate = useNavigate();
  const client = useQueryClient();
  const recipes = useQuery({ queryKey: ['recipes'], queryFn: api.recipes });
  const [form, setForm] = useState<RecipeForm>(() => emptyForm(stage));
  const [written, setWritten] = useState<string | null>(null);
  const yaml = written ?? recipeYaml(form);
  const hint = written === null ? missing(form) : yaml.trim() === '' ? NOTHING : null;
  const { result, error, current } = useValidation(hint === null ? yaml : '');
  const start = useMutation({
    mutationFn: () => api.startJob(yaml),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      navigate(`/training/${encodeURIComponent(job.id)}`);
    },
  });
  const refusal = result && !result.valid ? result.refusal : undefined;

  function write(text: string) {
    setWritten(text);
    start.reset();
  }

  return (
    <>
      <PageHead
        title={words.title}
        actions={
          <Button component={Link} to="/training" variant="default">
            Cancel
          </Button>
        }
      >
        {words.about}
      </PageHead>
      <Tabs value={stage} onChange={(next) => next && change(next as Stage)} mb="sm" keepMounted={false}>
        <Tabs.List aria-label="What to do">
          {STAGES.map((item) => (
            <Tabs.Tab key={item} value={item} data-testid={`stage-${item}`}>
              {STAGE_WORDS[item].button}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <div className="recipe-page">
        <Panel title="What to train" testId="stage-form">
          {written !== null && (
            <Alert color="blue" variant="light" icon={<IconPencil size={18} aria-hidden />} mb="sm">
              The recipe was written by hand; the form does not change it any more.{' '}
              <button
                type="button"
                className="link"
                onClick={() => {
                  setWritten(null);
                  start.reset();
                }}
                data-testid="recipe-from-form"
              >
                Write it from the form again
              </button>
            </Alert>
          )}
          <fieldset className="plain" disabled={written !== null}>
            <legend className="visually-hidden">{words.title}</legend>
            <StageForm
              form={form}
              change={(part) => {
                setForm((now) => ({ ...now, ...part }));
                start.reset();
              }}
            />
          </fieldset>
        </Panel>
        <div className="stack">
          <Panel
            title="Recipe"
            aside={
              <Select
                size="xs"
                w={230}
                aria-label="Take a shipped recipe"
                placeholder="Take a shipped recipe…"
                searchable
                value={null}
                onChange={(name) => {
                  const found = recipes.data?.find((item) => item.name === name);
                  if (found) write(found.yaml);
                }}
                data={(recipes.data ?? []).map((item) => ({ value: item.name, label: item.name }))}
                data-testid="recipe-shipped"
              />
            }
          >
            <div className="stack">
              <RecipeEditor
                value={yaml}
                onChange={write}
                onSubmit={() => hint === null && !(current && refusal) && start.mutate()}
                badLine={(current && refusal?.line) || null}
                describedBy="recipe-verdict"
              />
              <Verdict result={result} current={current} error={error} hint={hint} />
              <ProblemAlert error={refusal ? null : start.error} />
              <div style={{ display: 'flex', gap: 12, alignItems: 'center', flexWrap: 'wrap' }}>
                <Button
                  onClick={() => start.mutate()}
                  loading={start.isPending}
                  disabled={hint !== null || (current && refusal !== undefined)}
                  data-testid="job-submit"
                >
                  Start
                </Button>
                <span className="muted small">
                  <kbd>Ctrl+Enter</kbd> in the recipe starts it too
                </span>
              </div>
            </div>
          </Panel>
          {result?.valid && result.recipe && (
            <details className="panel completed">
              <summary>The whole recipe, every default written out</summary>
              <pre className="code" data-testid="recipe-completed">
                {result.recipe}
              </pre>
            </details>
          )}
        </div>
      </div>
    </>
  );
}

/** What the server says of the recipe as it stands. */
function Verdict({
  result,
  current,
  error,
  hint,
}: {
  result: Validation | undefined;
  current: boolean;
  error: unknown;
  hint: string | null;
}) {
  return (
    <div id="recipe-verdict" role="status" aria-live="polite" className="verdict" data-current={current}>
      {hint ? (
        <span className="muted" data-testid="recipe-hint">
          {hint}
        </span>
      ) : error ? (
        <ProblemAlert error={error} />
      ) : !result ? (
        <span className="muted">Checking…</span>
      ) : result.valid ? (
        <span className="good" data-testid="recipe-valid">
          <IconCheck size={16} aria-hidden /> Can be started
          {result.datasets && result.datasets.length > 0 && (
            <> on {result.datasets.map((item) => `${item.name}, version ${item.version}`).join(' and ')}</>
          )}
        </span>
      ) : (
        <span className="wrong" style={{ whiteSpace: 'pre-line' }} data-testid="recipe-refusal">
          {result.refusal?.line && <strong>Line {result.refusal.line}: </strong>}
          {result.refusal?.message}
        </span>
      )}
    </div>
  );
}
