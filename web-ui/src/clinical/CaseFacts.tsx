import type { Assessment, ClinicalCase, Vocabulary } from '../api/types';
import { Panel } from '../common/ui';
import { VITALS, vitalTrend } from './vitals';

/** The left column: what was entered, as it was entered. */
export function CaseFacts({
  item,
  vocabulary,
  assessment,
}: {
  item: ClinicalCase;
  vocabulary: Vocabulary | undefined;
  assessment: Assessment | undefined;
}) {
  const labels = new Map(
    [...(vocabulary?.findings ?? []), ...(vocabulary?.risks ?? [])].map((term) => [term.id, term.label]),
  );
  const vitals = VITALS.filter((field) => item.vitals?.[field.key] != null);
  return (
    <Panel title="Case">
      <div className="stack" style={{ gap: 12 }}>
        <div>
          <p className="label">Complaint</p>
          {item.complaint}
        </div>
        <Terms title="Present" ids={item.present} labels={labels} mark="+" />
        <Terms title="Absent" ids={item.absent} labels={labels} mark="−" muted />
        {vitals.length > 0 && (
          <div>
            <p className="label">Vitals</p>
            <dl className="facts" style={{ gridTemplateColumns: '1fr max-content' }}>
              {vitals.map((field) => {
                const value = item.vitals[field.key];
                const trend = vitalTrend(field, value);
                return [
                  <dt key={`${field.key}-label`}>{field.label}</dt>,
                  <dd
                    key={field.key}
                    className="num"
                    style={trend ? { color: 'var(--warn)', fontWeight: 600 } : undefined}
                  >
                    {trend === 'high' ? '▲ ' : trend === 'low' ? '▼ ' : ''}
                    {value} {field.unit}
                  </dd>,
                ];
              })}
            </dl>
            {assessment && assessment.computedVitals.length > 0 && (
              <div className="small muted" style={{ marginTop: 6 }}>
                Counted as findings:{' '}
                {assessment.computedVitals.map((entry) => `${entry.label} (${entry.from})`).join(', ')}
              </div>
            )}
          </div>
        )}
        <Terms title="Risk factors" ids={item.risks} labels={labels} mark="•" />
        <Texts title="Medicines" values={item.medicines} />
        <Texts title="Allergies" values={item.allergies} />
        {item.history && (
          <div>
            <p className="label">History</p>
            <div style={{ whiteSpace: 'pre-wrap' }}>{item.history}</div>
          </div>
        )}
        {assessment && assessment.missing.length > 0 && (
          <div data-testid="missing">
            <p className="label">Not entered, would help</p>
            <ul className="list muted">
              {assessment.missing.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Panel>
  );
}

function Terms({
  title,
  ids,
  labels,
  mark,
  muted,
}: {
  title: string;
  ids: string[];
  labels: Map<string, string>;
  mark: string;
  muted?: boolean;
}) {
  if (!ids || ids.length === 0) return null;
  return (
    <div>
      <p className="label">{title}</p>
      {ids.map((id) => (
        <div key={id} className={muted ? 'muted' : undefined} style={{ display: 'flex', gap: 6 }}>
          <span aria-hidden style={{ width: 9, flexShrink: 0, textAlign: 'center' }}>
            {mark}
          </span>
          <span>{labels.get(id) ?? id}</span>
        </div>
      ))}
    </div>
  );
}

function Texts({ title, values }: { title: string; values: string[] }) {
  if (!values || values.length === 0) return null;
  return (
    <div>
      <p className="label">{title}</p>
      {values.join(', ')}
    </div>
  );
}
