import { Alert, Button, Checkbox, Group, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, asProblem } from '../api/api';
import type { ConsentBasis, DataFormat, Dataset, PhiClass } from '../api/types';
import { ProblemAlert } from '../common/ui';
import { blocksTraining, CONSENT, contradiction, PHI, startingFacts, withPhi } from './facts';

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
    mutationFn: () => api.registerDataset({ ...facts, licence: facts.licence.trim() }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['datasets'] });
      close();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const against = contradiction(facts);
  const complete = facts.licence.trim() !== '' && against === null;
  const next = (dataset.versions[0]?.version ?? 0) + 1;
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
          allowDeselect={false}
          value={facts.consentBasis}
          onChange={(value) => setFacts({ ...facts, consentBasis: (value ?? 'waiver') as ConsentBasis })}
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
          allowDeselect={false}
          value={facts.phiClass}
          onChange={(value) => setFacts(withPhi(facts, (value ?? 'none') as PhiClass))}
          data={Object.entries(PHI).map(([value, label]) => ({ value, label }))}
          error={problem?.field('phiClass')}
          data-testid="dataset-phi"
        />
        <Checkbox
          label="Clinical: it comes from the care of patients"
          checked={facts.clinical}
          disabled={facts.phiClass !== 'none'}
          onChange={(event) => setFacts({ ...facts, clinical: event.currentTarget.checked })}
          error={problem?.field('clinical')}
          data-testid="dataset-clinical"
        />
        <Checkbox
          label="De-identified"
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
