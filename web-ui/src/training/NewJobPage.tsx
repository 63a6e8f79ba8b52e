import { Button, Table, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api } from '../api/api';
import { formatBytes, formatCount } from '../common/format';
import { Hash, Load, PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';

export default function NewJobPage() {
  useTitle('Start a job');
  const navigate = useNavigate();
  const client = useQueryClient();
  const recipes = useQuery({ queryKey: ['recipes'], queryFn: api.recipes });
  const datasets = useQuery({ queryKey: ['datasets'], queryFn: api.datasets });
  const [chosen, setChosen] = useState<string | null>(null);
  const [yaml, setYaml] = useState('');
  const start = useMutation({
    mutationFn: () => api.startJob(yaml),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      navigate(`/training/${encodeURIComponent(job.id)}`);
    },
  });

  function submit(event?: FormEvent) {
    event?.preventDefault();
    if (yaml.trim()) start.mutate();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
  }

  return (
    <>
      <PageHead
        title="Start a job"
        actions={
          <Button component={Link} to="/training" variant="default">
            Cancel
          </Button>
        }
      >
        Choose a recipe, change what you need, start. The recipe is kept with the model it makes.
      </PageHead>
      <div className="split">
        <Panel title="Recipe" aside={<span className="muted small">YAML</span>}>
          <form onSubmit={submit} onKeyDown={onKeyDown}>
            <div className="stack">
              <Textarea
                aria-label="Recipe, YAML"
                classNames={{ input: 'yaml' }}
                autosize
                minRows={20}
                maxRows={34}
                spellCheck={false}
                placeholder="Choose a recipe at the right, or write one"
                value={yaml}
                onChange={(event) => setYaml(event.currentTarget.value)}
                data-testid="job-recipe"
              />
              <ProblemAlert error={start.error} />
              <div style={{ display: 'flex', gap: 12, alignItems: 'center' }}>
                <Button
                  type="submit"
                  loading={start.isPending}
                  disabled={!yaml.trim()}
                  data-testid="job-submit"
                >
                  Start
                </Button>
                <span className="muted small">
                  <kbd>Ctrl+Enter</kbd>
                </span>
              </div>
            </div>
          </form>
        </Panel>
        <div className="stack">
          <Panel title="Shipped recipes" padded={false}>
            <Load query={recipes} rows={4}>
              {(list) => (
                <div role="radiogroup" aria-label="Recipe">
                  {list.length === 0 && <div className="body muted">None shipped.</div>}
                  {list.map((recipe) => (
                    // biome-ignore lint/a11y/useSemanticElements: a row of text to choose from, not a form value
                    <button
                      key={recipe.name}
                      type="button"
                      role="radio"
                      aria-checked={chosen === recipe.name}
                      className="choice"
                      onClick={() => {
                        setChosen(recipe.name);
                        setYaml(recipe.yaml);
                        start.reset();
                      }}
                      data-testid="recipe"
                      data-recipe={recipe.name}
                    >
                      <strong style={{ fontWeight: 600 }}>{recipe.name}</strong>{' '}
                      <span className="muted small">{recipe.kind}</span>
                      <span className="muted small" style={{ display: 'block' }}>
                        {recipe.description}
                      </span>
                    </button>
                  ))}
                </div>
              )}
            </Load>
          </Panel>
          <Panel title="Datasets here" padded={false}>
            <Load query={datasets} rows={3}>
              {(list) =>
                list.length === 0 ? (
                  <div className="body muted">
                    None yet. A file <span className="mono">datasets/NAME.jsonl</span> in the platform's data
                    folder is one.
                  </div>
                ) : (
                  <Table className="table">
                    <Table.Tbody>
                      {list.map((dataset) => (
                        <Table.Tr key={dataset.sha256}>
                          <Table.Td>
                            <span className="mono">{dataset.name}</span>
                            <div className="muted small">
                              {formatCount(dataset.examples)} examples, {formatBytes(dataset.bytes)}
                            </div>
                            {dataset.description && <div className="muted small">{dataset.description}</div>}
                          </Table.Td>
                          <Table.Td className="num" style={{ verticalAlign: 'top' }}>
                            <Hash value={dataset.sha256} length={8} />
                          </Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                )
              }
            </Load>
          </Panel>
        </div>
      </div>
    </>
  );
}
