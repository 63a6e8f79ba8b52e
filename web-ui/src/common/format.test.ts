import { describe, expect, it } from 'vitest';
import {
  describeWeight,
  formatBytes,
  formatDuration,
  formatProbability,
  formatShort,
  formatWeight,
  shortHash,
  weightShare,
  words,
} from './format';

describe('weights', () => {
  it('shows the natural logarithm of a likelihood ratio as a factor on the odds', () => {
    expect(formatWeight(Math.log(6))).toBe('×6.0');
    expect(formatWeight(-Math.log(3.24))).toBe('÷3.2');
    expect(formatWeight(Math.log(47.6))).toBe('×48');
    expect(formatWeight(-Math.log(9.96))).toBe('÷10');
  });

  it('does not give a sign to what changes nothing', () => {
    expect(formatWeight(0)).toBe('×1.0');
    expect(formatWeight(-0.01)).toBe('×1.0');
  });

  it('says the same in words', () => {
    expect(describeWeight(-Math.log(2))).toBe('divides the odds by 2.00 (log likelihood ratio −0.69)');
    expect(describeWeight(Math.log(2))).toBe('multiplies the odds by 2.00 (log likelihood ratio +0.69)');
  });

  it('draws a bar relative to the largest weight and within its half', () => {
    expect(weightShare(1, 2)).toBe(25);
    expect(weightShare(-2, 2)).toBe(50);
    expect(weightShare(5, 2)).toBe(50);
    expect(weightShare(1, 0)).toBe(0);
  });
});

describe('probabilities', () => {
  it.each([
    [0, '0 %'],
    [0.0004, '<0.1 %'],
    [0.0312, '3.1 %'],
    [0.424, '42 %'],
    [0.996, '99 %'],
    [0.9999, '>99.9 %'],
    [1, '100 %'],
  ])('%f is %s', (p, text) => expect(formatProbability(p)).toBe(text));
});

describe('sizes', () => {
  it('keeps three digits', () => {
    expect(formatShort(12_345_678)).toBe('12.3 M');
    expect(formatShort(999)).toBe('999');
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(1536)).toBe('1.5 KiB');
    expect(formatBytes(25_690_112)).toBe('24.5 MiB');
  });

  it('shortens durations and hashes', () => {
    expect(formatDuration(59.6)).toBe('1 min 0 s');
    expect(formatDuration(3725)).toBe('1 h 2 min');
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe('–');
    expect(shortHash('sha256:0123456789abcdef')).toBe('0123456789');
    expect(shortHash(null)).toBe('–');
  });
});

describe('words', () => {
  it('takes the names of fields apart', () => {
    expect(words('evaluationLoss')).toBe('Evaluation loss');
    expect(words('tokens')).toBe('Tokens');
  });
});
