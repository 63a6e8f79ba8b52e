import { useEffect, useRef } from 'react';
import type { Passage } from '../api/types';
import { Empty } from '../common/ui';

/** The right column: what the reasoning may cite. `active` carries a fresh object for every click, so that the same
 * citation clicked twice scrolls twice. */
export function Passages({ passages, active }: { passages: Passage[]; active: { number: number } | null }) {
  const container = useRef<HTMLElement>(null);

  useEffect(() => {
    if (!active) return;
    const element = container.current?.querySelector<HTMLElement>(`[data-number="${active.number}"]`);
    element?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    element?.focus({ preventScroll: true });
  }, [active]);

  return (
    <section className="panel" ref={container} aria-label="Passages" style={{ position: 'relative' }}>
      <header className="sticky-head">
        <h2>Passages</h2>
        <span className="muted small">{passages.length}</span>
      </header>
      {passages.length === 0 && <Empty title="Nothing found to cite" />}
      {passages.map((passage) => (
        <article
          key={passage.number}
          className="passage"
          data-testid="passage"
          data-number={passage.number}
          data-active={active?.number === passage.number}
          tabIndex={-1}
          aria-label={`Passage ${passage.number}: ${passage.title}`}
        >
          <span className="number" aria-hidden>
            {passage.number}
          </span>
          <div>
            <strong>{passage.title}</strong>
            <div className="muted small">{passage.section}</div>
            <p>{passage.text}</p>
            {passage.source.map((source) => (
              <div key={source.id} className="muted small">
                {source.title}. {source.body}, {source.year}
              </div>
            ))}
          </div>
        </article>
      ))}
    </section>
  );
}
