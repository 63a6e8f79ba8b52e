import { describe, expect, it } from 'vitest';
import { rollbackTarget } from './rollbackTarget';

const A = { id: 'a', name: 'a', version: 1 };
const B = { id: 'b', name: 'b', version: 1 };
const C = { id: 'c', name: 'c', version: 1 };

function moves(...list: ['promote' | 'rollback', typeof A][]) {
  return list
    .map(([how, to], index) => ({ sequence: index + 1, to, rollback: how === 'rollback' }))
    .reverse();
}

describe('rollbackTarget', () => {
  it('is what was in production before', () => {
    expect(rollbackTarget(moves(['promote', A], ['promote', B]))).toBe(A);
    expect(rollbackTarget(moves(['promote', A], ['promote', B], ['promote', A]))).toBe(B);
  });

  it('is not what was just rolled back', () => {
    expect(rollbackTarget(moves(['promote', A], ['promote', B], ['promote', C], ['rollback', B]))).toBe(A);
  });

  it('is nothing where nothing is left to go back to', () => {
    expect(rollbackTarget([])).toBeNull();
    expect(rollbackTarget(moves(['promote', A]))).toBeNull();
    expect(rollbackTarget(moves(['promote', A], ['promote', B], ['rollback', A]))).toBeNull();
  });
});
