import { Button, Table } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { api } from '../api/api';
import type { ModelDetail } from '../api/types';
import { formatBytes, formatCount, formatDateTime, formatNumber, formatShort, words } from '../common/format';
import { Hash, Load, ModelBadges, PageHead, Panel, useTitle } from '../common/ui';
import { useSession } from '../session';
import { LineageView } from './LineageView';
import { KINDS } from './ModelsPage';
import { ReasonDialog } from './ReasonDialog';

export default function ModelPage() {
  const { id = '' } = useParams();
  const model = useQuery({ queryKey: ['model', id], queryFn: () => api.model(id) });
  useTitle(model.data ? `${model.data.name} ${model.data.version}` : 'Model');
  return <Load query={model}>{(data) => <View model={data} />}</Load>;
}

function View({ model }: { model: ModelDetail }) {
  const { has } = useSession();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <PageHead
        title={
          <span style={{ display: 'inline-flex', gap: 10, alignItems: 'center' }}>
            {model.name} <span className="muted">{model.version}</span> <ModelBadges model={model} />
          </span>
        }
        actions={
          has('admin') &&
          !model.production && (
            <Button
              leftSection={<IconRocket size={16} aria-hidden />}
              onClick={() => setAsking(true)}
              disabled={!model.servable}
              title={model.servable ? undefined : 'The files of this version are not here'}
              data-testid="model-promote"
            >
              Promote to production
            </Button>
          )
        }
      >
        {model.description}
      </PageHead>
      <div className="stack">
        <Panel
          title="Lineage"
          padded={false}
          aside={
            <span className="muted small">
              Click a card for its hash, curve and recipe · drag to move, Ctrl+wheel to zoom
            </span>
          }
        >
          <LineageView modelId={model.id} />
        </Panel>
        <div
          style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(340px, 1fr))', gap: 14 }}
        >
          <Panel title="Facts">
            <dl className="facts">
              <dt>Made by</dt>
              <dd>{KINDS[model.kind] ?? model.kind}</dd>
              <dt>Created</dt>
              <dd>{formatDateTime(model.createdAt)}</dd>
              {model.servable && (
                <>
                  <dt>Parameters</dt>
                  <dd>
                    {formatShort(model.parameters)}{' '}
                    <span className="muted">({formatCount(model.parameters)})</span>
                  </dd>
                  <dt>Size</dt>
                  <dd>{formatBytes(model.bytes)}</dd>
                </>
              )}
              <dt>SHA-256</dt>
              <dd>
                <Hash value={model.sha256} length={20} />
              </dd>
            </dl>
          </Panel>
          <Panel title="Evaluation" padded={model.evaluation.length === 0}>
            {model.evaluation.length === 0 ? (
              <span className="muted">Not evaluated.</span>
            ) : (
              <Table className="table">
                <Table.Tbody>
                  {model.evaluation.map((entry) => (
                    <Table.Tr key={entry.name}>
                      <Table.Td>{words(entry.name)}</Table.Td>
                      <Table.Td className="num">
                        {Number.isInteger(entry.value) ? formatCount(entry.value) : formatNumber(entry.value)}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </Panel>
          {model.parents.length > 0 && (
            <Panel title="Parents" padded={false}>
              <Table className="table">
                <Table.Tbody>
                  {model.parents.map((parent) => (
                    <Table.Tr key={`${parent.id} ${parent.role}`}>
                      <Table.Td>
                        <Link className="link" to={`/models/${encodeURIComponent(parent.id)}`}>
                          {parent.name}
                        </Link>
                      </Table.Td>
                      <Table.Td className="muted">{parent.role}</Table.Td>
                      <Table.Td className="num">
                        <Hash value={parent.sha256} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
          )}
          {model.datasets.length > 0 && (
            <Panel title="Datasets" padded={false}>
              <Table className="table">
                <Table.Tbody>
                  {model.datasets.map((dataset) => (
                    <Table.Tr key={`${dataset.role} ${dataset.sha256}`}>
                      <Table.Td>
                        {dataset.name}{' '}
                        {dataset.role === 'evaluation' && <span className="muted small">measured on</span>}
                        <div className="muted small">
                          {formatCount(dataset.examples)} examples, {formatShort(dataset.tokens)} tokens
                        </div>
                      </Table.Td>
                      <Table.Td className="num">
                        <Hash value={dataset.sha256} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
          )}
        </div>
        {model.recipe && (
          <Panel title="Recipe">
            <pre className="code" style={{ maxHeight: 360 }}>
              {model.recipe}
            </pre>
          </Panel>
        )}
      </div>
      <ReasonDialog
        opened={asking}
        close={() => setAsking(false)}
        title="Promote to production"
        action="Promote"
        testId="promote"
        run={(reason) => api.promote(model.id, reason)}
      >
        From now on <strong>{`${model.name} ${model.version}`}</strong> answers for every clinician of this
        tenant. The change can be rolled back.
      </ReasonDialog>
    </>
  );
}
