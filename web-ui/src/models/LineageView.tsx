import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api } from '../api/api';
import type { CurvePoint, Lineage, LineageNode } from '../api/types';
import { formatDateTime, formatNumber, words } from '../common/format';
import { Hash, Load } from '../common/ui';
import { useSession } from '../session';
import { CurveChart } from '../training/CurveChart';
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
  // A loss of answers beside each other is near zero whatever they are worth.
  const rewarded = curve?.some((point) => point.reward != null);
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
            <p className="label">{rewarded ? 'Reward' : 'Loss'}</p>
            <CurveChart
              height={210}
              yLabel={rewarded ? 'Reward' : 'Loss'}
              series={
                rewarded
                  ? [
                      { label: 'answers learned from', points: points(curve, 'reward') },
                      { label: 'held out', marked: true, points: points(curve, 'evaluationReward') },
                    ]
                  : [
                      { label: 'training', points: points(curve, 'loss') },
                      { label: 'evaluation', marked: true, points: points(curve, 'evaluationLoss') },
                    ]
              }
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

/** Where a figure was measured, in the order of steps. */
function points(curve: CurvePoint[], figure: 'loss' | 'evaluationLoss' | 'reward' | 'evaluationReward') {
  return curve.flatMap((point) => {
    const y = point[figure];
    return y == null ? [] : [{ x: point.step, y }];
  });
}

function shown(value: unknown): string {
  if (typeof value === 'number')
    return Number.isInteger(value) ? value.toLocaleString() : formatNumber(value);
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return formatDateTime(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
