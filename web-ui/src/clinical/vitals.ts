import type { Vitals } from '../api/types';

export interface VitalField {
  key: keyof Vitals;
  label: string;
  unit: string;
  /** What can be entered: beyond it is a typing error. */
  min: number;
  max: number;
  /** What an adult at rest usually shows. */
  low: number;
  high: number;
  step: number;
}

export const VITALS: VitalField[] = [
  { key: 'temperatureC', label: 'Temperature', unit: '°C', min: 25, max: 45, low: 36, high: 38, step: 0.1 },
  { key: 'heartRate', label: 'Heart rate', unit: '/min', min: 20, max: 300, low: 50, high: 100, step: 1 },
  { key: 'systolic', label: 'Systolic', unit: 'mmHg', min: 30, max: 300, low: 100, high: 140, step: 1 },
  { key: 'diastolic', label: 'Diastolic', unit: 'mmHg', min: 10, max: 200, low: 55, high: 90, step: 1 },
  {
    key: 'respiratoryRate',
    label: 'Resp. rate',
    unit: '/min',
    min: 2,
    max: 80,
    low: 10,
    high: 20,
    step: 1,
  },
  {
    key: 'oxygenSaturation',
    label: 'SpO₂',
    unit: '%',
    min: 30,
    max: 100,
    low: 94,
    high: 100,
    step: 1,
  },
];

export function vitalError(field: VitalField, value: number | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (value < field.min || value > field.max) return `${field.min}–${field.max} ${field.unit}`;
  return undefined;
}

export function vitalsErrors(vitals: Vitals): Partial<Record<keyof Vitals, string>> {
  const errors: Partial<Record<keyof Vitals, string>> = {};
  for (const field of VITALS) {
    const error = vitalError(field, vitals[field.key]);
    if (error) errors[field.key] = error;
  }
  const { systolic, diastolic } = vitals;
  if (!errors.diastolic && systolic != null && diastolic != null && diastolic >= systolic) {
    errors.diastolic = 'below systolic';
  }
  return errors;
}

export function vitalTrend(field: VitalField, value: number | null | undefined): 'low' | 'high' | null {
  if (value === null || value === undefined) return null;
  return value < field.low ? 'low' : value > field.high ? 'high' : null;
}
