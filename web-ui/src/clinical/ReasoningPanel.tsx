import { Button, Tooltip } from '@mantine/core';
import { IconPencil, IconPlayerStopFilled, IconRefresh } from '@tabler/icons-react';
import { Fragment } from 'react';
import type { Assessment, Sentence } from '../api/types';
import { formatCount, formatDateTime } from '../common/format';
import { Panel, ProblemAlert } from '../common/ui';
import { type Streaming, sentenceParts, splitCitations, withoutOpenMark } from './reasoning';

const STATUS: Record<Sentence['status'], string | null> = {
  supported: null,
  unsupported: 'What it cites does not hold this sentence, or the case contradicts it. Do not rely on it.',
  uncited: 'This sentence cites no passage.',
};

interface Props {
  assessment: Assessment;
  state: Streaming;
  start: () => void;
  stop: () => void;
  active: number | null;
  open: (passage: number) => void;
}

export function ReasoningPanel({ assessment, state, start, stop, active, open }: Props) {
  const stored = assessment.reasoning;
  const sentences = state.running
    ? null
    : (state.sentences ?? (state.text ? null : (stored?.sentences ?? null)));
  const text = state.text || (state.running ? '' : (stored?.text ?? ''));
  const usage = state.usage ?? (state.text ? null : stored?.usage);
  const marked = sentences?.filter((sentence) => sentence.status !== 'supported').length ?? 0;
  const chip = { active, open, known: new Set(assessment.passages.map((passage) => passage.number)) };

  return (
    <Panel
      title="Written reasoning"
      testId="reasoning-panel"
      aside={
        state.running ? (
          <Button
            size="compact-sm"
            variant="light"
            color="red"
            leftSection={<IconPlayerStopFilled size={13} aria-hidden />}
            onClick={stop}
            data-testid="reasoning-stop"
          >
            Stop
          </Button>
        ) : assessment.signed ? null : (
          <Button
            size="compact-sm"
            variant={text || sentences ? 'subtle' : 'filled'}
            leftSection={text ? <IconRefresh size={14} aria-hidden /> : <IconPencil size={14} aria-hidden />}
            onClick={start}
            data-testid="reasoning-start"
          >
            {text || sentences ? 'Write again' : 'Write reasoning'}
          </Button>
        )
      }
    >
      {state.problem && (
        <div style={{ marginBottom: 10 }}>
          <ProblemAlert error={state.problem} />
        </div>
      )}
      {!text && !sentences && !state.running && !state.problem && (
        <p className="muted" style={{ margin: 0 }}>
          The model in production explains the table above, sentence by sentence, from the passages on the
          right. Each sentence is checked against what it cites.
        </p>
      )}
      {state.running && !text && (
        <p className="muted" style={{ margin: 0 }} data-testid="reasoning-wait">
          The model is reading the case and the passages…
        </p>
      )}
      <div
        className="reasoning"
        data-testid="reasoning"
        aria-live="polite"
        aria-busy={state.running}
        data-state={state.running ? 'streaming' : sentences ? 'checked' : text ? 'unchecked' : 'empty'}
      >
        {sentences ? (
          <p>
            {sentences.map((sentence, index) => (
              <Fragment key={index}>
                <SentenceView sentence={sentence} {...chip} />{' '}
              </Fragment>
            ))}
          </p>
        ) : (
          text &&
          paragraphs(state.running ? withoutOpenMark(text) : text).map((paragraph, index, all) => (
            <p key={index}>
              <Parts parts={splitCitations(paragraph)} {...chip} />
              {state.running && index === all.length - 1 && <span className="caret" aria-hidden />}
            </p>
          ))
        )}
      </div>
      {state.stopped && (
        <p className="small" style={{ margin: '8px 0 0', color: 'var(--warn)' }}>
          Stopped. What is written above was not checked against the passages.
        </p>
      )}
      {sentences && (
        <div
          className="muted small"
          style={{ display: 'flex', flexWrap: 'wrap', gap: '2px 16px', marginTop: 10 }}
        >
          <span data-testid="reasoning-check">
            {marked === 0
              ? `All ${sentences.length} sentences are supported by what they cite.`
              : `${marked} of ${sentences.length} sentences marked: not supported by a passage or the case.`}
          </span>
          {usage && (
            <span>
              {formatCount(usage.promptTokens)} + {formatCount(usage.completionTokens)} tokens
            </span>
          )}
          {stored && !state.sentences && <span>{formatDateTime(stored.finishedAt)}</span>}
        </div>
      )}
    </Panel>
  );
}

function paragraphs(text: string): string[] {
  return text.replace(/^\s+/, '').split(/\n{2,}/);
}

interface ChipProps {
  active: number | null;
  open: (passage: number) => void;
  known: ReadonlySet<number>;
}

function SentenceView({ sentence, ...chip }: { sentence: Sentence } & ChipProps) {
  const why = STATUS[sentence.status];
  const content = <Parts parts={sentenceParts(sentence)} {...chip} />;
  if (!why) {
    return (
      <span data-testid="sentence" data-status="supported">
        {content}
      </span>
    );
  }
  return (
    <Tooltip label={why} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason must be readable by keyboard too */}
      <span className={sentence.status} tabIndex={0} data-testid="sentence" data-status={sentence.status}>
        {content}
      </span>
    </Tooltip>
  );
}

function Parts({ parts, active, open, known }: { parts: (string | number)[] } & ChipProps) {
  return parts.map((part, index) =>
    typeof part === 'string' ? (
      <Fragment key={index}>{part}</Fragment>
    ) : (
      <button
        key={index}
        type="button"
        className="citation"
        aria-label={`Passage ${part}`}
        aria-pressed={active === part}
        disabled={!known.has(part)}
        onClick={() => open(part)}
        data-testid="citation"
        data-passage={part}
      >
        {part}
      </button>
    ),
  );
}
