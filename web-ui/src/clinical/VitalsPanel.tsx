import { NumberInput } from '@mantine/core';
import type { Dispatch, SetStateAction } from 'react';
import type { Problem } from '../api/api';
import type { Vitals } from '../api/types';
import { Panel } from '../common/ui';
import { VITALS, type vitalsErrors, vitalTrend } from './vitals';

/** The vital signs of a new case: what is out of its range is marked, what cannot be is refused. */
export function VitalsPanel({
  vitals,
  setVitals,
  wrong,
  problem,
}: {
  vitals: Vitals;
  setVitals: Dispatch<SetStateAction<Vitals>>;
  wrong: ReturnType<typeof vitalsErrors>;
  problem: Problem | null;
}) {
  return (
    <Panel title="Vitals" aside={<span className="muted small">Leave empty what was not measured</span>}>
      <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: '10px 14px' }}>
        {VITALS.map((field) => {
          const value = vitals[field.key];
          const trend = wrong[field.key] ? null : vitalTrend(field, value);
          return (
            <NumberInput
              key={field.key}
              label={
                <>
                  {field.label}
                  {trend && (
                    <span style={{ color: 'var(--warn)', fontWeight: 600 }}>
                      {' '}
                      {trend === 'high' ? '▲ high' : '▼ low'}
                    </span>
                  )}
                </>
              }
              hideControls
              step={field.step}
              decimalScale={field.step < 1 ? 1 : 0}
              allowNegative={false}
              clampBehavior="none"
              rightSection={<span className="muted small">{field.unit}</span>}
              rightSectionWidth={50}
              rightSectionProps={{
                style: { justifyContent: 'flex-end', paddingRight: 10, pointerEvents: 'none' },
              }}
              value={value ?? ''}
              onChange={(next) =>
                setVitals((now) => ({ ...now, [field.key]: typeof next === 'number' ? next : null }))
              }
              error={wrong[field.key] ?? problem?.field(`vitals.${field.key}`)}
              data-testid={`vital-${field.key}`}
            />
          );
        })}
      </div>
      {problem?.errors.some((entry) => entry.field === 'vitals') && (
        <div className="mantine-InputWrapper-error small" role="alert">
          {problem.field('vitals')}
        </div>
      )}
    </Panel>
  );
}
