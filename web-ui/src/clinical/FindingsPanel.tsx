import { useEffect, useMemo, useRef } from 'react';
import { Panel } from '../common/ui';
import { Chips } from './Chips';
import type { Term } from './search';
import { TermPicker } from './TermPicker';

/** Whether each finding, by its id, is present or absent; what was not looked for is in neither. */
export type Findings = ReadonlyMap<string, boolean>;

export function idsOf(findings: Findings, present: boolean): string[] {
  return [...findings].filter(([, is]) => is === present).map(([id]) => id);
}

/** Findings by search, as chips of two sides. */
export function FindingsPanel({
  terms,
  findings,
  setFinding,
  error,
}: {
  terms: Term[];
  findings: Findings;
  setFinding: (id: string, present: boolean | null) => void;
  error?: string;
}) {
  const chosen = useMemo(() => new Set(findings.keys()), [findings]);

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
        terms={terms}
        chosen={chosen}
        onAdd={(term, present) => setFinding(term.id, present)}
        withAbsent
        hotkey
        label="Add a finding"
        placeholder="Symptom, sign or result: “breathl”, “leg swelling”, “ST elev”"
        testId="finding-search"
        error={error}
      />
      <div className="present-absent">
        {[true, false].map((present) => (
          <Chips
            key={String(present)}
            title={present ? 'Present' : 'Absent'}
            className={present ? 'present' : 'absent'}
            testId={present ? 'findings-present' : 'findings-absent'}
            ids={idsOf(findings, present)}
            terms={terms}
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
  );
}
