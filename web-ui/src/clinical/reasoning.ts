import { useCallback, useEffect, useRef, useState } from 'react';
import { api, asProblem, type Problem } from '../api/api';
import type { Sentence, Usage } from '../api/types';

export interface Streaming {
  text: string;
  running: boolean;
  /** Stopped by the reader: what was written is kept on the screen, not checked. */
  stopped: boolean;
  sentences: Sentence[] | null;
  usage: Usage | null;
  problem: Problem | null;
}

const NOTHING: Streaming = {
  text: '',
  running: false,
  stopped: false,
  sentences: null,
  usage: null,
  problem: null,
};

/** The written reasoning of one assessment while it is being written. */
export function useReasoning(assessmentId: string, onDone: () => void) {
  const [state, setState] = useState<Streaming>(NOTHING);
  const abort = useRef<AbortController | null>(null);
  const done = useRef(onDone);
  done.current = onDone;

  useEffect(() => {
    setState(NOTHING);
    return () => {
      abort.current?.abort();
      abort.current = null;
    };
  }, [assessmentId]);

  const start = useCallback(async () => {
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    const mine = (change: Partial<Streaming>) => {
      if (abort.current === controller) setState((now) => ({ ...now, ...change }));
    };
    setState({ ...NOTHING, running: true });
    let text = '';
    try {
      let finished = false;
      for await (const event of api.reason(assessmentId, controller.signal)) {
        if ('t' in event) {
          text += event.t;
          mine({ text });
        } else if ('error' in event) {
          finished = true;
          const { code, detail } = event.error;
          mine({ problem: asProblem(problemOf(code, detail)), running: false });
        } else if (event.done) {
          finished = true;
          mine({ sentences: event.sentences, usage: event.usage, running: false });
          if (abort.current === controller) done.current();
        }
      }
      if (!finished) {
        mine({
          problem: problemOf('STREAM_CUT', 'The connection ended before the text did.'),
          running: false,
        });
      }
    } catch (error) {
      if (controller.signal.aborted) mine({ running: false, stopped: true });
      else mine({ problem: asProblem(error), running: false });
    }
  }, [assessmentId]);

  const stop = useCallback(() => abort.current?.abort(), []);
  return { state, start, stop };
}

function problemOf(code: string, detail: string): Problem {
  const problem = asProblem(new Error(detail));
  return Object.assign(problem, { code, title: 'The reasoning could not be written' });
}

/** Text still being written, without the mark that has only begun: half a mark is not for reading. */
export function withoutOpenMark(text: string): string {
  return text.replace(/\s*(\[[\d,\s]*)?$/, '');
}

/** Text cut at its citation marks: "so [1][3]." -> "so ", 1, 3, "." */
export function splitCitations(text: string): (string | number)[] {
  const parts: (string | number)[] = [];
  let from = 0;
  for (const match of text.matchAll(/\s*\[(\d+(?:\s*,\s*\d+)*)\]/g)) {
    if (match.index > from) parts.push(text.slice(from, match.index));
    for (const number of (match[1] ?? '').split(',')) parts.push(Number(number));
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** The sentence's own marks where it has them, and what it cites beyond these at its end. */
export function sentenceParts(sentence: Pick<Sentence, 'text' | 'citations'>): (string | number)[] {
  const parts = splitCitations(sentence.text.trim());
  const written = new Set(parts.filter((part) => typeof part === 'number'));
  return [...parts, ...sentence.citations.filter((number) => !written.has(number))];
}
