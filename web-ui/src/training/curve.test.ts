import { describe, expect, it } from 'vitest';
import { chartNames, joinSeries, logarithmic, mergeByStep, pointsOf, seriesOf } from './curve';

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

  it('are drawn over steps or over tokens, leaving out what was not measured', () => {
    const metrics = [
      { step: 1, loss: 3, tokens: 100, at: '2026-01-01T00:00:00Z' },
      { step: 2, tokens: 200 },
      { step: 3, loss: 2 },
    ];
    expect(pointsOf(metrics, 'loss')).toEqual([
      { x: 1, y: 3 },
      { x: 3, y: 2 },
    ]);
    expect(pointsOf(metrics, 'loss', 'tokens')).toEqual([{ x: 100, y: 3 }]);
    expect(pointsOf(metrics, 'at')).toEqual([]);
  });

  it('come by whatever names a run tells, evaluations with what they evaluate', () => {
    const metrics = [
      { step: 1, tokens: 5, zeal: 1, gradientNorm: 1, loss: 3, skipped: 1 },
      { step: 2, evaluationLoss: 3, evaluationAccuracy: 0.5, reward: 1, answerLength: 9 },
    ];
    expect(chartNames([metrics])).toEqual([
      'reward',
      'loss',
      'gradientNorm',
      'answerLength',
      'evaluationAccuracy',
      'zeal',
    ]);
    expect(chartNames([[], []])).toEqual([]);
  });

  it('carry the names of their runs once there are several', () => {
    const one = { id: '1', label: 'first', metrics: [{ step: 1, loss: 3, evaluationLoss: 4 }] };
    const two = { id: '2', label: 'second', metrics: [{ step: 1, loss: 2 }] };
    expect(seriesOf([one], 'loss', 'step').map((s) => s.label)).toEqual(['training', 'evaluation']);
    expect(seriesOf([one, two], 'loss', 'step').map((s) => s.label)).toEqual([
      'first',
      'evaluation of first',
      'second',
    ]);
  });

  it('keep the colour of their run in every chart', () => {
    const one = { id: '1', label: 'first', metrics: [{ step: 1, loss: 3, evaluationLoss: 4 }] };
    const two = { id: '2', label: 'second', metrics: [{ step: 1, loss: 2, evaluationLoss: 3 }] };
    expect(seriesOf([one, two], 'loss', 'step').map((s) => s.color)).toEqual([0, 0, 1, 1]);
    expect(seriesOf([one], 'loss', 'step').map((s) => s.color)).toEqual([0, 1]);
  });

  it('lose on a logarithmic axis what is not above zero', () => {
    const points = [
      { x: 1, y: 0 },
      { x: 2, y: -1 },
      { x: 3, y: 2 },
    ];
    expect(logarithmic([{ label: 'a', points }])[0]?.points).toEqual([{ x: 3, y: 2 }]);
  });
});
