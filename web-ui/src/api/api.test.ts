import { describe, expect, it } from 'vitest';
import { asProblem, matchesField, Problem } from './api';

describe('matchesField', () => {
  it.each([
    ['age', 'age'],
    ['/age', 'age'],
    ['body.age', 'age'],
    ['vitals.heartRate', 'vitals.heartRate'],
    ['/vitals/heartRate', 'vitals.heartRate'],
    ['heartRate', 'vitals.heartRate'],
    ['present[2]', 'present'],
    ['present.2', 'present'],
  ])('%s belongs to %s', (reported, name) => expect(matchesField(reported, name)).toBe(true));

  it.each([
    ['age', 'sex'],
    ['vitals.heartRate', 'vitals.systolic'],
    ['', 'age'],
    ['language', 'age'],
  ])('%s does not belong to %s', (reported, name) => expect(matchesField(reported, name)).toBe(false));
});

describe('Problem', () => {
  const problem = new Problem(400, 'BAD_CASE', 'Bad case', 'Two fields are wrong', [
    { field: 'age', message: 'must be at least 0' },
    { field: 'colour', message: 'unknown' },
  ]);

  it('gives each message to its field and the rest to the form', () => {
    expect(problem.field('age')).toBe('must be at least 0');
    expect(problem.field('sex')).toBeUndefined();
    expect(problem.others(['age', 'sex'])).toEqual(['colour: unknown']);
  });

  it('is also made of what is not an answer', () => {
    expect(asProblem(problem)).toBe(problem);
    expect(asProblem(new TypeError('Failed to fetch')).code).toBe('UNREACHABLE');
  });
});
