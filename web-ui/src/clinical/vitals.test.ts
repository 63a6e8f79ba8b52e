import { expect, it } from 'vitest';
import { VITALS, vitalsErrors, vitalTrend } from './vitals';

it('accepts what was not measured', () => {
  expect(vitalsErrors({})).toEqual({});
  expect(vitalsErrors({ heartRate: null })).toEqual({});
});

it('refuses what no patient has', () => {
  expect(vitalsErrors({ temperatureC: 385, heartRate: 118 })).toEqual({ temperatureC: '25–45 °C' });
  expect(vitalsErrors({ systolic: 80, diastolic: 120 })).toEqual({ diastolic: 'below systolic' });
});

it('marks what is outside the usual range without refusing it', () => {
  const heartRate = VITALS.find((field) => field.key === 'heartRate');
  if (!heartRate) throw new Error('no heart rate');
  expect(vitalTrend(heartRate, 118)).toBe('high');
  expect(vitalTrend(heartRate, 41)).toBe('low');
  expect(vitalTrend(heartRate, 70)).toBeNull();
});
