import { Table } from '@mantine/core';
import { IconHierarchy2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { api } from '../api/api';
import { formatBytes, formatDateTime, formatShort } from '../common/format';
import { Empty, Hash, Load, ModelBadges, PageHead, Panel, useTitle } from '../common/ui';
import { useSession } from '../session';
import { ProductionPanel } from './ProductionPanel';

export const KINDS = { train: 'Trained', fuse: 'Fused', grow: 'Grown', import: 'Imported' };

export default function ModelsPage() {
  useTitle('Models');
  const { has } = useSession();
  const navigate = useNavigate();
  const models = useQuery({ queryKey: ['models'], queryFn: api.models });
  return (
    <>
      <PageHead title="Models">
        Every version trained, fused or imported here. One of them is in production and answers.
      </PageHead>
      <div className="split">
        <Panel padded={false}>
          <Load query={models}>
            {(list) =>
              list.length === 0 ? (
                <Empty icon={<IconHierarchy2 size={26} aria-hidden />} title="No models yet">
                  {has('admin') ? (
                    <>
                      Start a job under{' '}
                      <Link className="link" to="/training">
                        Training
                      </Link>
                      ; the model it makes appears here.
                    </>
                  ) : (
                    'An administrator has to train or import one.'
                  )}
                </Empty>
              ) : (
                <Table className="table cards">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Model</Table.Th>
                      <Table.Th>Made by</Table.Th>
                      <Table.Th className="num">Parameters</Table.Th>
                      <Table.Th className="num">Size</Table.Th>
                      <Table.Th>SHA-256</Table.Th>
                      <Table.Th>Created</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {list.map((model) => (
                      <Table.Tr
                        key={model.id}
                        data-open
                        data-testid="model-row"
                        onClick={() => navigate(`/models/${encodeURIComponent(model.id)}`)}
                      >
                        <Table.Td className="card-title">
                          <span style={{ display: 'flex', gap: 8, alignItems: 'center', flexWrap: 'wrap' }}>
                            <Link
                              className="link"
                              to={`/models/${encodeURIComponent(model.id)}`}
                              onClick={(event) => event.stopPropagation()}
                            >
                              {model.name} <span className="muted">{model.version}</span>
                            </Link>
                            <ModelBadges model={model} />
                          </span>
                          {model.description && <div className="muted small">{model.description}</div>}
                        </Table.Td>
                        <Table.Td data-label="Made by">{KINDS[model.kind] ?? model.kind}</Table.Td>
                        <Table.Td className="num" data-label="Parameters" data-empty={!model.parameters}>
                          {formatShort(model.parameters || null)}
                        </Table.Td>
                        <Table.Td className="num" data-label="Size" data-empty={!model.bytes}>
                          {formatBytes(model.bytes || null)}
                        </Table.Td>
                        <Table.Td data-label="SHA-256">
                          <Hash value={model.sha256} length={8} />
                        </Table.Td>
                        <Table.Td data-label="Created" style={{ whiteSpace: 'nowrap' }}>
                          {formatDateTime(model.createdAt)}
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              )
            }
          </Load>
        </Panel>
        <ProductionPanel />
      </div>
    </>
  );
}
