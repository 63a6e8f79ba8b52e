import type { ConsentBasis, Dataset, DatasetFacts, DatasetVersion, PhiClass } from '../api/types';

export const CONSENT: Record<ConsentBasis, string> = {
  none_needed_synthetic: 'None needed: made up',
  none_needed_public: 'None needed: published for all',
  broad_consent: 'Broad consent to research',
  specific_consent: 'Consent to this purpose',
  waiver: 'Waived by an ethics committee',
  legal_basis_other: 'Another legal basis',
};

export const PHI: Record<PhiClass, string> = {
  none: 'None',
  limited: 'Limited: dates or places, no names',
  identifiable: 'Identifiable',
};

export const PLACES: Record<Dataset['place'], { label: string; color: string; about: string }> = {
  registered: { label: 'Registered', color: 'teal', about: 'The file is what was registered last' },
  unregistered: {
    label: 'Not registered',
    color: 'orange',
    about: 'It lies in the folder and is not registered',
  },
  changed: {
    label: 'File changed',
    color: 'orange',
    about: 'The file is another than what was registered last',
  },
  absent: {
    label: 'No file',
    color: 'gray',
    about: 'No file of this name is in the folder; its versions are kept',
  },
};

/** Whether there is something in the folder that could become a version. */
export function canRegister(dataset: Pick<Dataset, 'place' | 'name'>): boolean {
  return dataset.place !== 'absent' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(dataset.name);
}

/** What the form begins with: what was said of the version before, or nothing that commits to anything. */
export function startingFacts(dataset: Dataset): DatasetFacts {
  const before = dataset.versions[0];
  return before
    ? {
        name: before.name,
        licence: before.licence,
        consentBasis: before.consentBasis,
        consentNote: before.consentNote,
        phiClass: before.phiClass,
        deIdentified: before.deIdentified,
        clinical: before.clinical,
        description: before.description,
      }
    : {
        name: dataset.name,
        licence: '',
        consentBasis: 'broad_consent',
        consentNote: '',
        phiClass: 'none',
        deIdentified: false,
        clinical: false,
        description: dataset.description,
      };
}

/** What contradicts itself, before the server says so; null if nothing does. */
export function contradiction(facts: DatasetFacts): string | null {
  if (facts.phiClass !== 'none' && facts.consentBasis === 'none_needed_synthetic') {
    return 'Synthetic data holds nothing of persons: health information is none, or the basis is another.';
  }
  if (facts.consentBasis === 'legal_basis_other' && !facts.consentNote?.trim()) {
    return 'Another legal basis needs to be named.';
  }
  return null;
}

/** One choice leads to others: health information is clinical, and what is identifiable is not de-identified. */
export function withPhi(facts: DatasetFacts, phiClass: PhiClass): DatasetFacts {
  return {
    ...facts,
    phiClass,
    clinical: facts.clinical || phiClass !== 'none',
    deIdentified: facts.deIdentified && phiClass !== 'identifiable',
  };
}

/** Whether nothing could be trained on it as these facts stand. */
export function blocksTraining(facts: Pick<DatasetFacts, 'clinical' | 'deIdentified' | 'phiClass'>): boolean {
  return facts.clinical && !facts.deIdentified && facts.phiClass !== 'none';
}

export function protection(
  version: Pick<DatasetVersion, 'clinical' | 'deIdentified' | 'phiClass'>,
): string[] {
  return [
    version.clinical ? 'clinical' : 'not clinical',
    version.phiClass === 'none' ? 'no health information' : `${version.phiClass} health information`,
    ...(version.clinical || version.deIdentified
      ? [version.deIdentified ? 'de-identified' : 'not de-identified']
      : []),
  ];
}
