import { describe, expect, it } from 'vitest';
import { joinSeries, mergeByStep, remainingSeconds } from './curve';

describe('curves', () => {
  it('share one ascending axis, with gaps where one has no value', () => {
    expect(
      joinSeries([
        {
          label: 'a',
          points: [
            { x: 2, y: 20 },
            { x: 1, y: 10 },
          ],
        },
        {
          label: 'b',
          points: [
            { x: 2, y: 5 },
            { x: 3, y: Number.NaN },
          ],
        },
      ]),
    ).toEqual([
      [1, 2, 3],
      [10, 20, null],
      [null, 5, null],
    ]);
  });

  it('hold one value per step when a stream repeats itself', () => {
    const known = [
      { step: 1, loss: 3 },
      { step: 2, loss: 2 },
    ];
    expect(mergeByStep(known, [{ step: 3, loss: 1 }])).toEqual([...known, { step: 3, loss: 1 }]);
    expect(
      mergeByStep(known, [
        { step: 2, loss: 2.5 },
        { step: 3, loss: 1 },
      ]).map((m) => m.loss),
    ).toEqual([3, 2.5, 1]);
    expect(
      mergeByStep(known, [
        { step: 4, loss: 1 },
        { step: 3, loss: 0 },
      ]).map((m) => m.step),
    ).toEqual([1, 2, 3, 4]);
    expect(mergeByStep(known, [])).toBe(known);
  });
});

describe('remaining time', () => {
  const startedAt = '2026-01-01T00:00:00Z';
  const now = Date.parse('2026-01-01T00:01:00Z');
  it('goes by the pace so far', () => {
    expect(remainingSeconds({ step: 100, steps: 300, startedAt }, now)).toBe(120);
    expect(remainingSeconds({ step: 300, steps: 300, startedAt }, now)).toBe(0);
  });
  it('is unknown before the first step', () => {
    expect(remainingSeconds({ step: 0, steps: 300, startedAt }, now)).toBeNull();
    expect(remainingSeconds({ step: 10, steps: 300, startedAt: null }, now)).toBeNull();
  });
});
