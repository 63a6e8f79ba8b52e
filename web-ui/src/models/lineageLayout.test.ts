import { describe, expect, it } from 'vitest';
import type { Lineage } from '../api/types';
import { CARD, fitted, layers, layout, RUN, shorten } from './lineageLayout';

const node = (id: string, kind: 'model' | 'run' | 'dataset') => ({ id, kind, label: id });

/** How high a path is where it passes x straight; null where it does not, or only up or down. */
function heightAt(path: string, x: number): number | null {
  let [at, y] = [Number.NaN, Number.NaN];
  for (const [, command, rest] of path.matchAll(/([MCHV])([^MCHV]*)/g)) {
    const numbers = (rest ?? '').trim().split(/[ ,]+/).map(Number);
    if (command === 'V') return null;
    const end = (command === 'H' ? numbers[0] : numbers.at(-2)) ?? Number.NaN;
    const height = command === 'H' ? y : (numbers.at(-1) ?? Number.NaN);
    // A curve over the middle of a column would have left its gap.
    if (at < x && x < end) return command === 'H' ? y : (y + height) / 2;
    [at, y] = [end, height];
  }
  return null;
}

/** Two specialists from one base, fused into one model. */
const fused: Lineage = {
  root: 'fused',
  nodes: [
    node('fused', 'model'),
    node('fuse', 'run'),
    node('cardio', 'model'),
    node('neuro', 'model'),
    node('train-c', 'run'),
    node('train-n', 'run'),
    node('base', 'model'),
    node('data-c', 'dataset'),
    node('data-n', 'dataset'),
  ],
  edges: [
    { from: 'fused', to: 'fuse', role: 'made by' },
    { from: 'fuse', to: 'cardio', role: 'parent' },
    { from: 'fuse', to: 'neuro', role: 'parent' },
    { from: 'cardio', to: 'train-c', role: 'made by' },
    { from: 'neuro', to: 'train-n', role: 'made by' },
    { from: 'train-c', to: 'data-c', role: 'data' },
    { from: 'train-n', to: 'data-n', role: 'data' },
    { from: 'train-c', to: 'base', role: 'initialised from' },
    { from: 'train-n', to: 'base', role: 'initialised from' },
  ],
};

describe('lineage layout', () => {
  const drawing = layout(fused);
  const at = new Map(drawing.placed.map((place) => [place.node.id, place]));
  const x = (id: string) => at.get(id)?.x ?? Number.NaN;

  it('places every node once, the model at the right end', () => {
    expect(drawing.placed).toHaveLength(fused.nodes.length);
    expect(x('fused')).toBe(drawing.width - CARD.width);
    expect(Math.min(...drawing.placed.map((place) => place.x))).toBe(0);
  });

  it('has every edge run from left to right, or from a run down to its model', () => {
    for (const edge of fused.edges) {
      if (edge.role === 'made by') expect(x(edge.to), edge.to).toBe(x(edge.from));
      else expect(x(edge.to), `${edge.to} -> ${edge.from}`).toBeLessThan(x(edge.from));
    }
    expect(drawing.drawn).toHaveLength(fused.edges.length);
  });

  it('stands each model right under the run that made it', () => {
    for (const [run, model] of [
      ['fuse', 'fused'],
      ['train-c', 'cardio'],
      ['train-n', 'neuro'],
    ] as const) {
      const above = at.get(run);
      expect(at.get(model)).toMatchObject({ x: above?.x, y: (above?.y ?? 0) + RUN.height + RUN.gap });
    }
    expect(new Set(drawing.placed.map((place) => place.layer)).size).toBe(3);
  });

  it('lets no two cards touch and none leave the drawing', () => {
    for (const a of drawing.placed) {
      expect(a.y).toBeGreaterThanOrEqual(0);
      expect(a.y + a.height).toBeLessThanOrEqual(drawing.height);
      for (const b of drawing.placed) {
        if (a === b || a.x !== b.x || a.y > b.y) continue;
        expect(b.y - a.y - a.height).toBeGreaterThanOrEqual(RUN.gap);
      }
    }
  });

  it('keeps what belongs together in the same order: no crossing between specialists and their runs', () => {
    const y = (id: string) => at.get(id)?.y ?? Number.NaN;
    expect(Math.sign(y('cardio') - y('neuro'))).toBe(Math.sign(y('train-c') - y('train-n')));
    expect(Math.sign(y('train-c') - y('train-n'))).toBe(Math.sign(y('data-c') - y('data-n')));
  });

  it('writes each role once where it leaves its card, no two on one another', () => {
    const { labels } = drawing;
    expect(labels.filter((label) => label.id === 'base').map((label) => label.role)).toEqual([
      'initialised f…',
    ]);
    expect(labels.map((label) => label.role)).not.toContain('made by');
    for (const label of labels) {
      const next = drawing.placed.filter((place) => place.x > label.x).map((place) => place.x);
      expect(label.x + label.width, label.role).toBeLessThan(Math.min(...next));
    }
    for (const a of labels) {
      for (const b of labels)
        if (a !== b && a.x === b.x) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(20);
    }
    const two = layout({
      root: 'm',
      nodes: [node('m', 'model'), node('b', 'model')],
      edges: [
        { from: 'm', to: 'b', role: 'parent' },
        { from: 'm', to: 'b', role: 'teacher' },
      ],
    });
    expect(two.labels).toHaveLength(2);
    expect(two.labels[0]?.y).not.toBe(two.labels[1]?.y);
  });

  it('draws no edge behind a card: long ones pass the columns between', () => {
    const long: Lineage = {
      ...fused,
      edges: [
        ...fused.edges,
        { from: 'fuse', to: 'base', role: 'base' },
        { from: 'fuse', to: 'data-n', role: 'evaluation' },
      ],
    };
    const { drawn, placed, labels } = layout(long);
    const columns = [...new Set(placed.map((place) => place.x))];
    let passed = 0;
    for (const { edge, path } of drawn) {
      for (const column of columns) {
        const y = heightAt(path, column + CARD.width / 2);
        if (y === null) continue;
        passed++;
        for (const card of placed.filter((place) => place.x === column)) {
          expect(y < card.y || y > card.y + card.height, `${edge.to} -> ${edge.from}, ${card.node.id}`).toBe(
            true,
          );
        }
      }
    }
    expect(passed).toBe(2);
    const base = labels.filter((label) => label.id === 'base');
    expect(base).toHaveLength(2);
    for (const { id, role, y } of labels) {
      const leaves = drawn.filter(({ edge }) => edge.to === id && shorten(edge.role, 14) === role);
      for (const { path } of leaves) expect(path, role).toMatch(new RegExp(`^M[\\d.]+ ${y}C`));
    }
  });

  it('puts a node as far left as its longest way from the model', () => {
    const depth = layers(
      'a',
      ['a', 'b', 'c', 'lost'],
      [
        { from: 'a', to: 'b' },
        { from: 'a', to: 'c' },
        { from: 'b', to: 'c' },
      ],
    );
    expect([...depth]).toEqual(
      expect.arrayContaining([
        ['a', 0],
        ['b', 1],
        ['c', 2],
        ['lost', 3],
      ]),
    );
  });

  it('survives a lone model, a dangling edge, an unreached node and a cycle', () => {
    expect(layout({ root: 'm', nodes: [node('m', 'model')], edges: [] })).toMatchObject({
      width: CARD.width,
      height: CARD.height,
    });
    const odd = layout({
      root: 'm',
      nodes: [node('m', 'model'), node('r', 'run'), node('lost', 'dataset')],
      edges: [
        { from: 'm', to: 'r', role: '' },
        { from: 'r', to: 'm', role: '' },
        { from: 'r', to: 'nowhere', role: '' },
      ],
    });
    expect(odd.placed).toHaveLength(3);
  });
});

it('cuts long labels', () => {
  expect(fitted('Reinforcement')).toBe('Reinforcement');
  expect(fitted('starter-abdominal-oncological')).toBe('starter-abdominal-o…');
  expect(shorten('short', 10)).toBe('short');
  expect(shorten('a very long label', 8)).toBe('a very …');
});
