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

interface Place {
  label: string;
  color: string;
  about: string;
}

const PLACES: Record<Dataset['place'], Place> = {
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

/** How a dataset stands: what was registered last may still be of no use. */
export function placeOf(dataset: Dataset): Place {
  const place = PLACES[dataset.place];
  if (dataset.place !== 'registered') return place;
  if (dataset.versions[0]?.retiredAt)
    return {
      label: 'Retired',
      color: 'gray',
      about: 'Nothing can be trained on its newest version any more',
    };
  if (dataset.objection !== null)
    return {
      label: 'Cannot be used',
      color: 'orange',
      about: 'It is registered, with what keeps it from use',
    };
  if (dataset.format === null)
    return {
      label: 'Format unknown',
      color: 'yellow',
      about: 'It is registered, and its records have no format that is known',
    };
  return place;
}

/** Whether there is something in the folder that could become a version. */
export function canRegister(dataset: Pick<Dataset, 'place' | 'name'>): boolean {
  return dataset.place !== 'absent' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(dataset.name);
}

/** The facts as far as they have been told: nothing is claimed that nobody said. */
export type Answers = Omit<DatasetFacts, 'consentBasis' | 'phiClass' | 'clinical'> & {
  consentBasis: ConsentBasis | null;
  phiClass: PhiClass | null;
  clinical: boolean | null;
};

/** What the form begins with: what was said of the version before, or nothing. */
export function startingFacts(dataset: Dataset): Answers {
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
        consentBasis: null,
        consentNote: '',
        phiClass: null,
        deIdentified: false,
        clinical: null,
        description: dataset.description,
      };
}

/** What still has to be answered. */
export function unanswered(facts: Answers): string[] {
  return [
    facts.licence.trim() === '' && 'the licence',
    facts.consentBasis === null && 'the basis',
    facts.phiClass === null && 'health information',
    facts.clinical === null && 'whether it is clinical',
  ].filter((item) => item !== false);
}

/** What contradicts itself, before the server says so; null if nothing does. */
export function contradiction(facts: Answers): string | null {
  if (hasPhi(facts) && facts.consentBasis === 'none_needed_synthetic') {
    return 'Synthetic data holds nothing of persons: health information is none, or the basis is another.';
  }
  if (facts.consentBasis === 'legal_basis_other' && !facts.consentNote?.trim()) {
    return 'Another legal basis needs to be named.';
  }
  return null;
}

/** One choice leads to others: health information is clinical, and what is identifiable is not de-identified. */
export function withPhi(facts: Answers, phiClass: PhiClass | null): Answers {
  const followed = hasPhi(facts);
  return {
    ...facts,
    phiClass,
    // What only followed from the class before is asked again.
    clinical: hasPhi({ phiClass }) ? true : followed ? null : facts.clinical,
    deIdentified: facts.deIdentified && phiClass !== 'identifiable',
  };
}

/** Whether nothing could be trained on it as these facts stand. */
export function blocksTraining(facts: Pick<Answers, 'clinical' | 'deIdentified' | 'phiClass'>): boolean {
  return facts.clinical === true && !facts.deIdentified && hasPhi(facts);
}

export function hasPhi({ phiClass }: Pick<Answers, 'phiClass'>): boolean {
  return phiClass !== null && phiClass !== 'none';
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
