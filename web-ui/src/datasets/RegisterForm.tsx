import { Alert, Button, Checkbox, Group, Radio, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, asProblem } from '../api/api';
import type { ConsentBasis, DataFormat, Dataset, DatasetFacts, PhiClass } from '../api/types';
import { ProblemAlert } from '../common/ui';
import {
  blocksTraining,
  CONSENT,
  contradiction,
  hasPhi,
  PHI,
  startingFacts,
  unanswered,
  withPhi,
} from './facts';

const FIELDS = [
  'licence',
  'consentBasis',
  'consentNote',
  'phiClass',
  'deIdentified',
  'clinical',
  'description',
];

/** Says of what lies in the folder what only people know, and makes it the next version. */
export function RegisterForm({ dataset, close }: { dataset: Dataset; close: () => void }) {
  const client = useQueryClient();
  const [facts, setFacts] = useState(() => startingFacts(dataset));
  const save = useMutation({
    // Sent only once nothing is unanswered.
    mutationFn: () => api.registerDataset({ ...(facts as DatasetFacts), licence: facts.licence.trim() }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['datasets'] });
      close();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const against = contradiction(facts);
  const open = unanswered(facts);
  const complete = open.length === 0 && against === null;
  const before = dataset.versions[0]?.version;
  const next = (before ?? 0) + 1;
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (complete) save.mutate();
      }}
    >
      <Stack gap="sm">
        <div className="muted small" style={{ overflowWrap: 'anywhere' }}>
          What lies in the folder as <span className="mono">{dataset.name}</span> becomes version {next}. Its
          content is hashed and never changes; what you say here goes with it and into the audit trail.
          {before !== undefined && (
            <>
              {' '}
              The form says what was said of version {before}:{' '}
              <strong>see that it holds for this content too.</strong>
            </>
          )}
        </div>
        <ProblemAlert error={save.error} fields={FIELDS} />
        <TextInput
          label="Licence"
          description="An SPDX identifier such as CC-BY-4.0, or what may be done with it in words"
          required
          maxLength={200}
          value={facts.licence}
          onChange={(event) => setFacts({ ...facts, licence: event.currentTarget.value })}
          error={problem?.field('licence')}
          data-autofocus
          data-testid="dataset-licence"
        />
        <Select
          label="Basis on which it may be used"
          placeholder="Choose"
          required
          allowDeselect={false}
          value={facts.consentBasis}
          onChange={(value) => setFacts({ ...facts, consentBasis: value as ConsentBasis | null })}
          data={Object.entries(CONSENT).map(([value, label]) => ({ value, label }))}
          error={problem?.field('consentBasis')}
          data-testid="dataset-consent"
        />
        <Textarea
          label="Remarks on the basis"
          description={
            facts.consentBasis === 'legal_basis_other' ? 'Name it' : 'Such as the number of the ethics vote'
          }
          required={facts.consentBasis === 'legal_basis_other'}
          autosize
          minRows={1}
          maxLength={2000}
          value={facts.consentNote}
          onChange={(event) => setFacts({ ...facts, consentNote: event.currentTarget.value })}
          error={problem?.field('consentNote')}
        />
        <Select
          label="Health information of persons"
          placeholder="Choose"
          required
          allowDeselect={false}
          value={facts.phiClass}
          onChange={(value) => setFacts(withPhi(facts, value as PhiClass | null))}
          data={Object.entries(PHI).map(([value, label]) => ({ value, label }))}
          error={problem?.field('phiClass')}
          data-testid="dataset-phi"
        />
        <Radio.Group
          label="Is it clinical: does it come from the care of patients?"
          required
          value={facts.clinical === null ? null : facts.clinical ? 'yes' : 'no'}
          onChange={(value) => setFacts({ ...facts, clinical: value === 'yes' })}
          error={problem?.field('clinical')}
          data-testid="dataset-clinical"
        >
          <Group gap="lg" mt={4}>
            <Radio value="yes" label="Yes" disabled={hasPhi(facts)} />
            <Radio value="no" label="No" disabled={hasPhi(facts)} />
          </Group>
        </Radio.Group>
        <Checkbox
          label="It is de-identified"
          checked={facts.deIdentified}
          disabled={facts.phiClass === 'identifiable'}
          onChange={(event) => setFacts({ ...facts, deIdentified: event.currentTarget.checked })}
          error={problem?.field('deIdentified')}
          data-testid="dataset-deidentified"
        />
        {blocksTraining(facts) && (
          <Alert color="orange" variant="light" icon={<IconAlertTriangle size={18} aria-hidden />}>
            Nothing can be trained on clinical data that is not de-identified. It can be registered all the
            same.
          </Alert>
        )}
        <Select
          label="Format"
          placeholder="found out from the records"
          clearable
          value={facts.format ?? null}
          onChange={(value) => setFacts({ ...facts, format: (value ?? undefined) as DataFormat | undefined })}
          data={['text', 'chat', 'pairs', 'prompts', 'tokens']}
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2000}
          value={facts.description}
          onChange={(event) => setFacts({ ...facts, description: event.currentTarget.value })}
          error={problem?.field('description')}
        />
        {against && (
          <div className="wrong small" role="alert">
            {against}
          </div>
        )}
        <Group justify="flex-end" mt="xs">
          {open.length > 0 && (
            <span className="muted small" role="status" style={{ marginRight: 'auto' }}>
              Still to be answered: {open.join(', ')}.
            </span>
          )}
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!complete} data-testid="dataset-save">
            Register version {next}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
