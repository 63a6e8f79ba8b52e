import { Button, Skeleton, TagsInput, Textarea } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, asProblem } from '../api/api';
import type { NewCase, Vitals, Vocabulary } from '../api/types';
import { Failure, PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';
import { Chips } from './Chips';
import { type Findings, FindingsPanel, idsOf } from './FindingsPanel';
import {
  NO_PRESENTATION,
  type Presentation,
  PresentationPanel,
  presentationErrors,
} from './PresentationPanel';
import { TermPicker } from './TermPicker';
import { VitalsPanel } from './VitalsPanel';
import { VITALS, vitalsErrors } from './vitals';

const FIELDS = [
  'title',
  'age',
  'sex',
  'complaint',
  'present',
  'absent',
  'risks',
  'vitals',
  'history',
  'medicines',
  'allergies',
];

export default function NewCasePage() {
  useTitle('New case');
  const vocabulary = useQuery({
    queryKey: ['vocabulary'],
    queryFn: api.vocabulary,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <PageHead
        title="New case"
        actions={
          <Button component={Link} to="/cases" variant="default">
            Cancel
          </Button>
        }
      >
        Enter what was found and what was looked for and not found: an absent finding counts as much as a
        present one.
      </PageHead>
      {vocabulary.data ? (
        <CaseForm vocabulary={vocabulary.data} />
      ) : vocabulary.isError ? (
        <Failure error={vocabulary.error} retry={() => vocabulary.refetch()} />
      ) : (
        <Skeleton height={420} />
      )}
    </>
  );
}

function CaseForm({ vocabulary }: { vocabulary: Vocabulary }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [presentation, setPresentation] = useState(NO_PRESENTATION);
  const [findings, setFindings] = useState<Findings>(new Map());
  const [risks, setRisks] = useState<Set<string>>(new Set());
  const [vitals, setVitals] = useState<Vitals>({});
  const [medicines, setMedicines] = useState<string[]>([]);
  const [allergies, setAllergies] = useState<string[]>([]);
  const [history, setHistory] = useState('');
  const [tried, setTried] = useState(false);

  const create = useMutation({
    mutationFn: async (item: NewCase) => {
      const created = await api.createCase(item);
      // The case exists from here on: should the assessment fail, its page says so and offers to try again.
      const assessment = await api.assess(created.id).catch(() => null);
      return { created, assessment };
    },
    onSuccess: ({ created, assessment }) => {
      if (assessment) client.setQueryData(['assessment', assessment.id], assessment);
      void client.invalidateQueries({ queryKey: ['cases'] });
      navigate(`/cases/${encodeURIComponent(created.id)}`, { state: { write: assessment?.id } });
    },
  });

  const problem = create.error ? asProblem(create.error) : null;
  const vitalProblems = vitalsErrors(vitals);
  const missing = presentationErrors(presentation);
  const error = (field: keyof Presentation) =>
    (tried && field !== 'title' ? missing[field] : undefined) ?? problem?.field(field);

  function setFinding(id: string, present: boolean | null) {
    setFindings((now) => {
      const next = new Map(now);
      if (present === null) next.delete(id);
      else next.set(id, present);
      return next;
    });
  }

  function submit(event?: FormEvent) {
    event?.preventDefault();
    setTried(true);
    const { age, sex, title, complaint } = presentation;
    const wrong = missing.age
      ? 'case-age'
      : missing.sex
        ? 'case-sex'
        : missing.complaint
          ? 'case-complaint'
          : null;
    if (wrong || age === null) {
      const element = document.querySelector<HTMLElement>(`[data-testid="${wrong}"]`);
      (element?.matches('input, textarea') ? element : element?.querySelector('input'))?.focus();
      return;
    }
    const badVital = VITALS.find((field) => vitalProblems[field.key]);
    if (badVital) {
      document.querySelector<HTMLElement>(`[data-testid="vital-${badVital.key}"]`)?.focus();
      return;
    }
    create.mutate({
      ...(title.trim() && { title: title.trim() }),
      age,
      sex: sex as 'female' | 'male',
      complaint: complaint.trim(),
      present: idsOf(findings, true),
      absent: idsOf(findings, false),
      risks: [...risks],
      vitals: Object.fromEntries(Object.entries(vitals).filter(([, value]) => value != null)),
      ...(history.trim() && { history: history.trim() }),
      medicines,
      allergies,
    });
  }

  // From anywhere on the page, not only while a field of the form has the focus.
  useHotkeys([['mod+Enter', () => submit()]], []);

  return (
    <form onSubmit={submit} noValidate className="new-case" aria-label="New case">
      <div className="stack">
        <ProblemAlert error={create.error} fields={FIELDS} />
        <PresentationPanel
          presentation={presentation}
          change={(part) => setPresentation((now) => ({ ...now, ...part }))}
          error={error}
        />

        <FindingsPanel
          terms={vocabulary.findings}
          findings={findings}
          setFinding={setFinding}
          error={problem?.field('present') ?? problem?.field('absent')}
        />

        <Panel title="Risk factors and history">
          <TermPicker
            terms={vocabulary.risks}
            chosen={risks}
            onAdd={(term) => setRisks((now) => new Set(now).add(term.id))}
            label="Add a risk factor"
            placeholder="Recent surgery, smoking, pregnancy…"
            testId="risk-search"
            error={problem?.field('risks')}
          />
          {risks.size > 0 && (
            <div style={{ marginTop: 10 }}>
              <Chips
                className="present"
                testId="risks-chosen"
                ids={[...risks]}
                terms={vocabulary.risks}
                remove={(id) =>
                  setRisks((now) => {
                    const next = new Set(now);
                    next.delete(id);
                    return next;
                  })
                }
              />
            </div>
          )}
          <Textarea
            mt="sm"
            label="History, in free text"
            description="Kept with the case; the probabilities do not use it."
            autosize
            minRows={3}
            maxRows={10}
            value={history}
            onChange={(event) => setHistory(event.currentTarget.value)}
            error={problem?.field('history')}
            data-testid="case-history"
          />
        </Panel>
      </div>

      <div className="stack">
        <VitalsPanel vitals={vitals} setVitals={setVitals} wrong={vitalProblems} problem={problem} />
        <Panel title="Medicines and allergies">
          <TagsInput
            label="Medicines"
            placeholder={medicines.length ? '' : 'Enter after each'}
            value={medicines}
            onChange={setMedicines}
            splitChars={[',', ';']}
            error={problem?.field('medicines')}
            data-testid="case-medicines"
          />
          <TagsInput
            mt="sm"
            label="Allergies"
            placeholder={allergies.length ? '' : 'Enter after each'}
            value={allergies}
            onChange={setAllergies}
            splitChars={[',', ';']}
            error={problem?.field('allergies')}
            data-testid="case-allergies"
          />
        </Panel>
        <Panel>
          <Button type="submit" fullWidth size="md" loading={create.isPending} data-testid="case-submit">
            Save and assess
          </Button>
          <div className="muted small" style={{ marginTop: 8, textAlign: 'center' }}>
            <kbd>Ctrl+Enter</kbd> from anywhere in the form
          </div>
          <div className="muted small" style={{ marginTop: 8 }}>
            {vocabulary.notice}
          </div>
        </Panel>
      </div>
    </form>
  );
}
