import { Button, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import { search, type Term } from './search';

interface Props<T extends Term> {
  terms: readonly T[];
  chosen: ReadonlySet<string>;
  onAdd: (term: T, present: boolean) => void;
  /** Offer "absent" too (Shift+Enter). */
  withAbsent?: boolean;
  label: string;
  placeholder: string;
  testId: string;
  error?: string;
  /** The field that `/` goes to on this page. */
  hotkey?: boolean;
}

/** Type a few letters, Enter adds; made for entering a dozen findings without touching the mouse. */
export function TermPicker<T extends Term>({
  terms,
  chosen,
  onAdd,
  withAbsent,
  label,
  placeholder,
  testId,
  error,
  hotkey,
}: Props<T>) {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(false);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const matches = useMemo(() => search(terms, text, { exclude: chosen }), [terms, text, chosen]);
  const shown = open && text.trim() !== '';
  const current = Math.min(active, matches.length - 1);

  function move(to: number) {
    setActive(to);
    list.current?.children[to]?.scrollIntoView({ block: 'nearest' });
  }

  function add(index: number, present: boolean) {
    const match = matches[index];
    if (!match) return;
    onAdd(match.term, present);
    setText('');
    setActive(0);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'ArrowDown' && matches.length) move((current + 1) % matches.length);
    else if (event.key === 'ArrowUp' && matches.length) move((current + matches.length - 1) % matches.length);
    // Enter in this field never submits the form around it.
    else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey)
      add(current, !(withAbsent && event.shiftKey));
    else if (event.key === 'Escape' && text !== '') setText('');
    else return;
    event.preventDefault();
  }

  return (
    <div className="picker">
      <TextInput
        label={label}
        placeholder={placeholder}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
        error={error}
        role="combobox"
        aria-expanded={shown}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={shown && matches.length ? `${listId}-${current}` : undefined}
        autoComplete="off"
        data-testid={testId}
        data-search={hotkey || undefined}
      />
      {shown && (
        // The list keeps the focus in the field, so that typing can go on after a click.
        <div
          ref={list}
          className="options"
          id={listId}
          role="listbox"
          tabIndex={-1}
          aria-label={label}
          onMouseDown={(event) => event.preventDefault()}
        >
          {matches.length === 0 && (
            <div className="option picker-none">Nothing in the vocabulary matches “{text}”.</div>
          )}
          {matches.map((match, index) => (
            <div
              key={match.term.id}
              className="option"
              id={`${listId}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === current}
              onMouseMove={() => setActive(index)}
              onMouseUp={(event) => add(index, !(withAbsent && event.shiftKey))}
              data-testid="finding-option"
              data-term={match.term.id}
            >
              <span className="match">
                {match.term.label}
                {match.synonym && <span className="muted small"> · {match.synonym}</span>}
              </span>
              {withAbsent && index === current && (
                <span style={{ display: 'inline-flex', alignItems: 'center', gap: 6, flexShrink: 0 }}>
                  <kbd>Enter</kbd>
                  <Button
                    size="compact-xs"
                    variant="default"
                    tabIndex={-1}
                    onMouseUp={(event) => {
                      event.stopPropagation();
                      add(index, false);
                    }}
                    data-testid="finding-absent"
                  >
                    absent <kbd style={{ marginLeft: 6 }}>Shift+Enter</kbd>
                  </Button>
                </span>
              )}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
