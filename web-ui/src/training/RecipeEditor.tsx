import { type KeyboardEvent, useRef } from 'react';

/** A text of YAML with numbered lines, of which one can be marked as wrong. */
export function RecipeEditor({
  value,
  onChange,
  onSubmit,
  badLine,
  describedBy,
}: {
  value: string;
  onChange: (value: string) => void;
  onSubmit: () => void;
  badLine: number | null;
  describedBy?: string;
}) {
  const behind = useRef<HTMLDivElement>(null);
  const lines = value.split('\n');
  const rows = Math.min(34, Math.max(18, lines.length + 1));

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSubmit();
    }
  }

  return (
    <div className="recipe-editor" data-bad={badLine !== null}>
      <div className="behind" aria-hidden ref={behind}>
        {lines.map((line, index) => (
          <div key={index} className={index + 1 === badLine ? 'bad' : undefined} data-testid="recipe-line">
            <span>{index + 1}</span>
            {line}
          </div>
        ))}
      </div>
      <textarea
        aria-label="Recipe, YAML"
        aria-invalid={badLine !== null}
        aria-describedby={describedBy}
        rows={rows}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          const { scrollTop, scrollLeft } = event.currentTarget;
          if (behind.current) {
            behind.current.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
          }
        }}
        data-testid="job-recipe"
      />
    </div>
  );
}
