import { describe, expect, it } from 'vitest';
import type { JobState } from '../api/types';
import { countsTensors, isOver, kindOf, left, took, wishes } from './jobs';

const job = (state: JobState, pausing = false, cancelling = false) => ({ state, pausing, cancelling });

describe('what can be asked of a job', () => {
  it.each([
    [job('QUEUED'), ['pause', 'cancel']],
    [job('RUNNING'), ['pause', 'cancel']],
    [job('RUNNING', true), ['resume', 'cancel']],
    [job('PAUSED'), ['resume', 'cancel']],
    [job('RUNNING', false, true), []],
    [job('SUCCEEDED'), []],
    [job('FAILED'), []],
    [job('CANCELLED'), []],
  ])('%o: %o', (state, expected) => expect(wishes(state)).toEqual(expected));

  it('is nothing once it is over, and a paused one is not', () => {
    expect(isOver(job('PAUSED'))).toBe(false);
    expect(isOver(job('CANCELLED'))).toBe(true);
  });
});

describe('times of a job', () => {
  it('say what is left in the words of its state', () => {
    expect(left({ state: 'RUNNING', secondsLeft: 90, pausing: false })).toBe('1 min 30 s');
    expect(left({ state: 'PAUSED', secondsLeft: 90, pausing: false })).toBe('1 min 30 s of work');
    expect(left({ state: 'QUEUED', secondsLeft: null, pausing: false })).toBe('waits');
    expect(left({ state: 'SUCCEEDED', secondsLeft: 0, pausing: false })).toBe('–');
  });

  it('count to its end, or to now', () => {
    const startedAt = '2026-01-01T00:00:00Z';
    expect(took({ startedAt, finishedAt: '2026-01-01T00:00:05Z' })).toBe('5 s');
    expect(took({ startedAt, finishedAt: null }, Date.parse('2026-01-01T00:01:00Z'))).toBe('1 min 0 s');
    expect(took({ startedAt: null, finishedAt: null })).toBe('–');
  });
});

it('a job is called by its stage, or by what makes the model', () => {
  expect(kindOf({ kind: 'train', stage: 'reinforce' })).toBe('Reinforcement');
  expect(kindOf({ kind: 'fuse' })).toBe('Fusion');
  expect(kindOf({ kind: 'distil' })).toBe('distil');
  expect(['train', 'fuse', 'grow'].map((kind) => countsTensors({ kind }))).toEqual([false, true, true]);
});
