import {
  Button,
  Input,
  NumberInput,
  SegmentedControl,
  Skeleton,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, asProblem } from '../api/api';
import type { NewCase, Vitals, Vocabulary } from '../api/types';
import { Failure, PageHead, Panel, ProblemAlert, useTitle } from '../common/ui';
import type { Term } from './search';
import { TermPicker } from './TermPicker';
import { VITALS, vitalsErrors, vitalTrend } from './vitals';

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
  const [title, setTitle] = useState('');
  const [age, setAge] = useState<number | null>(null);
  const [sex, setSex] = useState('');
  const [complaint, setComplaint] = useState('');
  const [findings, setFindings] = useState<Map<string, boolean>>(new Map());
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
  const missing = {
    age: age === null ? 'Needed' : age < 18 || age > 120 ? '18–120, adults only' : undefined,
    sex: sex === '' ? 'Needed' : undefined,
    complaint: complaint.trim() === '' ? 'Needed' : undefined,
  };
  const error = (field: keyof typeof missing) =>
    (tried ? missing[field] : undefined) ?? problem?.field(field);
  const chosen = useMemo(() => new Set(findings.keys()), [findings]);
  const chosenOf = (present: boolean) => [...findings].filter(([, is]) => is === present).map(([id]) => id);

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
      present: chosenOf(true),
      absent: chosenOf(false),
      risks: [...risks],
      vitals: Object.fromEntries(Object.entries(vitals).filter(([, value]) => value != null)),
      ...(history.trim() && { history: history.trim() }),
      medicines,
      allergies,
    });
  }

  // From anywhere on the page, not only while a field of the form has the focus.
  useHotkeys([['mod+Enter', () => submit()]], []);

  // A chip that was turned over or removed takes the keyboard's place with it; give it back.
  const moved = useRef<string | null>(null);
  useEffect(() => {
    if (moved.current === null) return;
    const chip = document.querySelector<HTMLElement>(
      `[data-testid="chip"][data-term="${moved.current}"] button`,
    );
    (chip ?? document.querySelector<HTMLElement>('[data-testid="finding-search"]'))?.focus();
    moved.current = null;
  });

  return (
    <form onSubmit={submit} noValidate className="new-case" aria-label="New case">
      <div className="stack">
        <ProblemAlert error={create.error} fields={FIELDS} />
        <Panel title="Presentation">
          <div style={{ display: 'grid', gridTemplateColumns: '96px 190px minmax(0, 1fr)', gap: 14 }}>
            <NumberInput
              label="Age"
              required
              withAsterisk={false}
              suffix=" y"
              min={18}
              max={120}
              clampBehavior="none"
              allowDecimal={false}
              allowNegative={false}
              hideControls
              autoFocus
              value={age ?? ''}
              onChange={(value) => setAge(typeof value === 'number' ? value : null)}
              error={error('age')}
              data-testid="case-age"
            />
            <Input.Wrapper
              label="Sex"
              labelElement="div"
              labelProps={{ id: 'sex-label' }}
              error={error('sex')}
            >
              <SegmentedControl
                fullWidth
                aria-labelledby="sex-label"
                value={sex}
                onChange={setSex}
                data={[
                  { value: 'female', label: 'Female' },
                  { value: 'male', label: 'Male' },
                ]}
                data-testid="case-sex"
              />
            </Input.Wrapper>
            <TextInput
              label="Title"
              placeholder="Optional, no name or number of the patient"
              maxLength={120}
              value={title}
              onChange={(event) => setTitle(event.currentTarget.value)}
              error={problem?.field('title')}
              data-testid="case-title"
            />
          </div>
          <TextInput
            mt="sm"
            label="Complaint"
            required
            withAsterisk={false}
            placeholder="In the patient's words: sudden pain on breathing in since this morning"
            maxLength={300}
            value={complaint}
            onChange={(event) => setComplaint(event.currentTarget.value)}
            error={error('complaint')}
            data-testid="case-complaint"
          />
        </Panel>

        <Panel
          title="Findings"
          aside={
            <span className="muted small">
              <kbd>/</kbd> search · <kbd>Enter</kbd> present · <kbd>Shift+Enter</kbd> absent · click a chip to
              turn it over
            </span>
          }
        >
          <TermPicker
            terms={vocabulary.findings}
            chosen={chosen}
            onAdd={(term, present) => setFinding(term.id, present)}
            withAbsent
            hotkey
            label="Add a finding"
            placeholder="Symptom, sign or result: “breathl”, “leg swelling”, “ST elev”"
            testId="finding-search"
            error={problem?.field('present') ?? problem?.field('absent')}
          />
          <div className="present-absent">
            {[true, false].map((present) => (
              <Chips
                key={String(present)}
                title={present ? 'Present' : 'Absent'}
                className={present ? 'present' : 'absent'}
                testId={present ? 'findings-present' : 'findings-absent'}
                ids={chosenOf(present)}
                terms={vocabulary.findings}
                turn={(id) => {
                  moved.current = id;
                  setFinding(id, !present);
                }}
                turnLabel={present ? 'mark as absent' : 'mark as present'}
                remove={(id) => {
                  moved.current = id;
                  setFinding(id, null);
                }}
              />
            ))}
          </div>
        </Panel>

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
        <Panel title="Vitals" aside={<span className="muted small">Leave empty what was not measured</span>}>
          <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: '10px 14px' }}>
            {VITALS.map((field) => {
              const value = vitals[field.key];
              const trend = vitalProblems[field.key] ? null : vitalTrend(field, value);
              return (
                <NumberInput
                  key={field.key}
                  label={
                    <>
                      {field.label}
                      {trend && (
                        <span style={{ color: 'var(--warn)', fontWeight: 600 }}>
                          {' '}
                          {trend === 'high' ? '▲ high' : '▼ low'}
                        </span>
                      )}
                    </>
                  }
                  hideControls
                  step={field.step}
                  decimalScale={field.step < 1 ? 1 : 0}
                  allowNegative={false}
                  clampBehavior="none"
                  rightSection={<span className="muted small">{field.unit}</span>}
                  rightSectionWidth={50}
                  rightSectionProps={{
                    style: { justifyContent: 'flex-end', paddingRight: 10, pointerEvents: 'none' },
                  }}
                  value={value ?? ''}
                  onChange={(next) =>
                    setVitals((now) => ({ ...now, [field.key]: typeof next === 'number' ? next : null }))
                  }
                  error={vitalProblems[field.key] ?? problem?.field(`vitals.${field.key}`)}
                  data-testid={`vital-${field.key}`}
                />
              );
            })}
          </div>
          {problem?.errors.some((entry) => entry.field === 'vitals') && (
            <div className="mantine-InputWrapper-error small" role="alert">
              {problem.field('vitals')}
            </div>
          )}
        </Panel>
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

function Chips({
  title,
  className,
  ids,
  terms,
  turn,
  turnLabel,
  remove,
  testId,
}: {
  title?: ReactNode;
  className: string;
  ids: string[];
  terms: Term[];
  turn?: (id: string) => void;
  turnLabel?: string;
  remove: (id: string) => void;
  testId: string;
}) {
  const labels = useMemo(() => new Map(terms.map((term) => [term.id, term.label])), [terms]);
  return (
    <div data-testid={testId}>
      {title && (
        <p className="label">
          {title} {ids.length > 0 && <span>({ids.length})</span>}
        </p>
      )}
      {ids.length === 0 && <span className="muted small">none yet</span>}
      <div className="chips">
        {ids.map((id) => {
          const label = labels.get(id) ?? id;
          return (
            <span key={id} className={`chip ${className}`} data-testid="chip" data-term={id}>
              <button
                type="button"
                onClick={() => turn?.(id)}
                title={turnLabel}
                aria-label={turnLabel ? `${label}: ${turnLabel}` : label}
                disabled={!turn}
              >
                {label}
              </button>
              <button type="button" onClick={() => remove(id)} aria-label={`Remove ${label}`}>
                <IconX size={12} aria-hidden />
              </button>
            </span>
          );
        })}
      </div>
    </div>
  );
}
