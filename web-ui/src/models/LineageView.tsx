import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api } from '../api/api';
import type { Lineage, LineageNode } from '../api/types';
import { formatDateTime, formatNumber, words } from '../common/format';
import { Hash, Load } from '../common/ui';
import { useSession } from '../session';
import { CurveChart } from '../training/CurveChart';
import { evaluationOf, goalOf, pointsOf } from '../training/curve';
import { LineageGraph } from './LineageGraph';

export function LineageView({ modelId }: { modelId: string }) {
  const lineage = useQuery({ queryKey: ['lineage', modelId], queryFn: () => api.lineage(modelId) });
  return (
    <Load query={lineage} rows={8}>
      {(data) => <View key={data.root} lineage={data} modelId={modelId} />}
    </Load>
  );
}

function View({ lineage, modelId }: { lineage: Lineage; modelId: string }) {
  // The run that made the model is what one mostly wants to see.
  const [selected, setSelected] = useState<string | null>(
    () => lineage.edges.find((edge) => edge.from === lineage.root)?.to ?? lineage.root,
  );
  const node = lineage.nodes.find((item) => item.id === selected);
  return (
    <div>
      <LineageGraph lineage={lineage} selected={selected} select={setSelected} />
      {node && <NodeDetail node={node} lineage={lineage} modelId={modelId} />}
    </div>
  );
}

function NodeDetail({ node, lineage, modelId }: { node: LineageNode; lineage: Lineage; modelId: string }) {
  const { has } = useSession();
  const dataset = node.kind === 'dataset' ? node.detail?.dataset : undefined;
  const parts = lineage.edges
    .filter((edge) => edge.from === node.id)
    .map((edge) => ({ role: edge.role, node: lineage.nodes.find((item) => item.id === edge.to) }));
  const curve = node.curve?.length ? node.curve : null;
  const goal = goalOf(curve?.at(-1) ?? {});
  const facts = Object.entries(node.detail ?? {}).filter(
    ([key, value]) => value !== null && typeof value !== 'object' && key !== 'datasetId',
  );
  return (
    <div style={{ padding: 14, borderTop: '1px solid var(--line)' }} data-testid="lineage-detail">
      <div style={{ display: 'flex', gap: 12, alignItems: 'baseline', marginBottom: 10 }}>
        <h3>{node.label}</h3>
        <span className="muted">{node.kind}</span>
        {node.sha256 && <Hash value={node.sha256} length={16} />}
        {node.kind === 'model' && node.id !== modelId && (
          <Link className="link" to={`/models/${encodeURIComponent(node.id.replace(/^model:/, ''))}`}>
            Open this model
          </Link>
        )}
        {typeof dataset === 'string' && has('admin') && (
          <Link className="link" to={`/datasets?name=${encodeURIComponent(dataset.replace(/@\d+$/, ''))}`}>
            Open this dataset
          </Link>
        )}
      </div>
      <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(320px, 1fr))', gap: 18 }}>
        {(facts.length > 0 || parts.length > 0) && (
          <div>
            {facts.length > 0 && (
              <dl className="facts">
                {facts.map(([key, value]) => [
                  <dt key={`${key}-label`}>{words(key)}</dt>,
                  <dd key={key}>{shown(value)}</dd>,
                ])}
              </dl>
            )}
            {parts.length > 0 && (
              <>
                <p className="label" style={{ marginTop: facts.length ? 12 : 0 }}>
                  Made of
                </p>
                {parts.map(
                  (part) =>
                    part.node && (
                      <div
                        key={`${part.node.id} ${part.role}`}
                        style={{ display: 'flex', justifyContent: 'space-between', gap: 10 }}
                      >
                        <span className="truncate">
                          {part.node.label} <span className="muted small">{part.role}</span>
                        </span>
                        <Hash value={part.node.sha256} />
                      </div>
                    ),
                )}
              </>
            )}
          </div>
        )}
        {curve && (
          <div>
            <p className="label">{words(goal)}</p>
            <CurveChart
              height={210}
              yLabel={words(goal)}
              series={[
                {
                  label: goal === 'reward' ? 'answers learned from' : 'training',
                  points: pointsOf(curve, goal),
                },
                { label: 'held out', marked: true, points: pointsOf(curve, evaluationOf(goal)) },
              ]}
            />
          </div>
        )}
        {node.recipe && (
          <div style={{ minWidth: 0 }}>
            <p className="label">Recipe</p>
            <pre className="code" style={{ maxHeight: 230 }} data-testid="lineage-recipe">
              {node.recipe}
            </pre>
          </div>
        )}
      </div>
      {!facts.length && !parts.length && !curve && !node.recipe && (
        <span className="muted">Nothing more is recorded.</span>
      )}
    </div>
  );
}

function shown(value: unknown): string {
  if (typeof value === 'number')
    return Number.isInteger(value) ? value.toLocaleString() : formatNumber(value);
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return formatDateTime(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
