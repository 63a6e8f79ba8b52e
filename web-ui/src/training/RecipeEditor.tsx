import type { KeyboardEvent } from 'react';

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
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSubmit();
    }
  }

  return (
    <div className="recipe-editor" data-bad={badLine !== null}>
      {/* It has the height of the text, lines wrapped; the text lies over it and wraps at the same places. */}
      <div className="behind" aria-hidden>
        {value.split('\n').map((line, index) => (
          <div
            key={index}
            className={index + 1 === badLine ? 'bad' : undefined}
            data-line={index + 1}
            data-testid="recipe-line"
          >
            {line}
          </div>
        ))}
      </div>
      <textarea
        aria-label="Recipe, YAML"
        aria-invalid={badLine !== null}
        aria-describedby={describedBy}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        data-testid="job-recipe"
      />
    </div>
  );
}
