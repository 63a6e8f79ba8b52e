import { Badge, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Band, Candidate, Evidence } from '../api/types';
import { describeWeight, formatProbability, formatWeight, weightShare } from '../common/format';

const BAND_COLOR: Record<Band, string> = { likely: 'ink', possible: 'ink', unlikely: 'gray' };
const FIRST = 8;

export function Differential({ candidates }: { candidates: Candidate[] }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(candidates.slice(0, 1).map((c) => c.conditionId)),
  );
  const [all, setAll] = useState(false);
  // One scale for every row, so that bars can be compared between conditions.
  const largest = useMemo(
    () =>
      Math.max(
        0,
        ...candidates.flatMap((item) =>
          [...item.for, ...item.against].map((entry) => Math.abs(entry.weight)),
        ),
      ),
    [candidates],
  );
  const shown = all ? candidates : candidates.slice(0, FIRST);

  function toggle(id: string) {
    setOpen((now) => {
      const next = new Set(now);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }

  return (
    <>
      <ol className="differential">
        {shown.map((item) => {
          const expanded = open.has(item.conditionId);
          return (
            <li key={item.conditionId} data-testid="differential-row" data-condition={item.conditionId}>
              <button
                type="button"
                className="candidate"
                aria-expanded={expanded}
                onClick={() => toggle(item.conditionId)}
              >
                <span className="num muted">{item.rank}</span>
                <span style={{ minWidth: 0 }}>
                  <span style={{ fontWeight: 550 }}>{item.name}</span>{' '}
                  <span className="mono muted">{item.icd10}</span>
                  {item.cantMiss && (
                    <IconAlertTriangle
                      size={14}
                      className="cant-miss-mark"
                      aria-label="can't miss"
                      role="img"
                    />
                  )}
                </span>
                <Badge
                  size="sm"
                  color={BAND_COLOR[item.band]}
                  variant={item.band === 'likely' ? 'filled' : 'light'}
                >
                  {item.band}
                </Badge>
                <span className="probability">
                  <span className="track">
                    <span
                      className={`band-${item.band}`}
                      style={{ width: `${Math.max(1, item.probability * 100)}%` }}
                    />
                  </span>
                  <span className="num">{formatProbability(item.probability)}</span>
                </span>
                {expanded ? (
                  <IconChevronDown size={15} aria-hidden />
                ) : (
                  <IconChevronRight size={15} aria-hidden />
                )}
              </button>
              {expanded && <Detail item={item} largest={largest} />}
            </li>
          );
        })}
      </ol>
      {candidates.length > FIRST && (
        <div style={{ padding: '7px 14px', borderTop: '1px solid var(--line)' }}>
          <button type="button" className="link" onClick={() => setAll(!all)} data-testid="differential-more">
            {all ? 'Show fewer' : `Show ${candidates.length - FIRST} more`}
          </button>
        </div>
      )}
    </>
  );
}

function Detail({ item, largest }: { item: Candidate; largest: number }) {
  const evidence = [...item.for, ...item.against].sort((a, b) => b.weight - a.weight);
  return (
    <div className="candidate-detail stack" style={{ gap: 12 }}>
      {evidence.length === 0 ? (
        <span className="muted">
          No finding of this case speaks for or against it; the number is its prior.
        </span>
      ) : (
        <div data-testid="evidence">
          <div className="evidence small muted" style={{ marginBottom: 3 }}>
            <span>Finding</span>
            <span style={{ display: 'flex', justifyContent: 'space-between' }}>
              <span>← against</span>
              <span>for →</span>
            </span>
            <Tooltip label="What the finding does to the odds of this condition">
              <span className="num">odds</span>
            </Tooltip>
          </div>
          <div className="evidence">
            {evidence.map((entry) => (
              <EvidenceRow key={entry.finding} entry={entry} largest={largest} />
            ))}
          </div>
        </div>
      )}
      {item.management.length > 0 && (
        <div>
          <p className="label">Management: options, not orders</p>
          <ul className="list">
            {item.management.map((option) => (
              <li key={option}>{option}</li>
            ))}
          </ul>
        </div>
      )}
      {item.sources.length > 0 && (
        <div className="small muted">
          {item.sources.map((source) => (
            <div key={source.id}>
              {source.title}. {source.body}, {source.year}.
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function EvidenceRow({ entry, largest }: { entry: Evidence; largest: number }) {
  const side = entry.weight >= 0 ? 'for' : 'against';
  return (
    <>
      <span className="truncate" title={entry.label}>
        {!entry.present && <span className="muted">no </span>}
        {entry.label}
      </span>
      <span className="axis" role="img" aria-label={describeWeight(entry.weight)}>
        <span className={side} style={{ width: `${weightShare(entry.weight, largest)}%` }} />
      </span>
      <span className={`num small text-${side}`} title={describeWeight(entry.weight)}>
        {formatWeight(entry.weight)}
      </span>
    </>
  );
}
