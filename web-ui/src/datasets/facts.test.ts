import { describe, expect, it } from 'vitest';
import type { Dataset, DatasetFacts, DatasetVersion } from '../api/types';
import {
  blocksTraining,
  canRegister,
  contradiction,
  placeOf,
  protection,
  startingFacts,
  unanswered,
  withPhi,
} from './facts';

const facts: DatasetFacts = {
  name: 'letters',
  licence: 'CC0-1.0',
  consentBasis: 'broad_consent',
  consentNote: '',
  phiClass: 'none',
  deIdentified: true,
  clinical: false,
};

const dataset = (place: Dataset['place'], versions: DatasetVersion[] = []): Dataset => ({
  name: 'letters',
  place,
  version: null,
  sha256: null,
  records: null,
  bytes: 1,
  files: 1,
  format: null,
  description: 'Letters of a clinic',
  objection: null,
  versions,
});

describe('facts of a dataset', () => {
  it('begin with nothing answered, or with what was said before', () => {
    const begun = startingFacts(dataset('unregistered'));
    expect(begun).toMatchObject({
      licence: '',
      consentBasis: null,
      phiClass: null,
      clinical: null,
      deIdentified: false,
      description: 'Letters of a clinic',
    });
    expect(unanswered(begun)).toHaveLength(4);
    expect(blocksTraining({ ...begun, clinical: true })).toBe(false);
    expect(contradiction({ ...begun, consentBasis: 'none_needed_synthetic' })).toBeNull();
    expect(unanswered({ ...facts, licence: ' ', clinical: null })).toEqual([
      'the licence',
      'whether it is clinical',
    ]);
    expect(unanswered(facts)).toEqual([]);
    const before = { ...facts, licence: 'MIT', version: 3 } as unknown as DatasetVersion;
    expect(startingFacts(dataset('changed', [before]))).toMatchObject({ licence: 'MIT', deIdentified: true });
  });

  it('follow from the class of health information', () => {
    expect(withPhi(facts, 'limited')).toMatchObject({ clinical: true, deIdentified: true });
    expect(withPhi(facts, 'identifiable')).toMatchObject({ clinical: true, deIdentified: false });
    expect(withPhi({ ...facts, clinical: true }, 'none')).toMatchObject({ clinical: true });
    expect(withPhi(withPhi(facts, 'limited'), 'none')).toMatchObject({ clinical: null });
  });

  it('may not contradict each other', () => {
    expect(contradiction(facts)).toBeNull();
    expect(contradiction({ ...facts, phiClass: 'limited', consentBasis: 'none_needed_synthetic' })).toMatch(
      /Synthetic/,
    );
    expect(contradiction({ ...facts, consentBasis: 'legal_basis_other', consentNote: ' ' })).toMatch(/named/);
    expect(
      contradiction({ ...facts, consentBasis: 'legal_basis_other', consentNote: 'Art. 9 (2) j' }),
    ).toBeNull();
  });

  it('keep clinical data from training until it is de-identified', () => {
    expect(blocksTraining({ clinical: true, deIdentified: false, phiClass: 'limited' })).toBe(true);
    expect(blocksTraining({ clinical: true, deIdentified: true, phiClass: 'limited' })).toBe(false);
    expect(blocksTraining({ clinical: true, deIdentified: false, phiClass: 'none' })).toBe(false);
    expect(protection({ clinical: true, deIdentified: false, phiClass: 'identifiable' })).toEqual([
      'clinical',
      'identifiable health information',
      'not de-identified',
    ]);
    expect(protection({ clinical: false, deIdentified: false, phiClass: 'none' })).toEqual([
      'not clinical',
      'no health information',
    ]);
  });
});

it('what is registered is told apart by whether it can be used', () => {
  const good: Dataset = { ...dataset('registered'), format: 'text' };
  const retired = { retiredAt: '2026-01-01T00:00:00Z' } as unknown as DatasetVersion;
  expect(placeOf(good).label).toBe('Registered');
  expect(placeOf({ ...good, format: null }).label).toBe('Format unknown');
  expect(placeOf({ ...good, format: null, objection: 'It is clinical.' }).label).toBe('Cannot be used');
  expect(placeOf({ ...good, objection: 'It is retired.', versions: [retired] }).label).toBe('Retired');
  expect(placeOf({ ...dataset('changed'), objection: 'Another.' }).label).toBe('File changed');
});

it('what has no file, or a name that recipes cannot use, cannot be registered', () => {
  expect(canRegister(dataset('absent'))).toBe(false);
  expect(canRegister(dataset('changed'))).toBe(true);
  expect(canRegister({ place: 'unregistered', name: 'my letters' })).toBe(false);
});
