import { IconX } from '@tabler/icons-react';
import { type ReactNode, useMemo } from 'react';
import type { Term } from './search';

/** Chosen terms, each of which can be taken away again and, where there are two sides, turned over. */
export function Chips({
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
