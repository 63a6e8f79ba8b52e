/** Type-ahead over a small vocabulary (hundreds of terms): ranked, spelling-tolerant, instant. */

export interface Term {
  id: string;
  label: string;
  synonyms: string[];
}

export interface Match<T extends Term> {
  term: T;
  /** The synonym that matched, when it was not the label. */
  synonym: string | null;
  score: number;
}

/** Case, accents and punctuation make no difference. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/** Neither does British or American spelling: dyspnoea, haemoptysis, tumour. */
export function fold(text: string): string {
  return plain(text).replaceAll('ae', 'e').replaceAll('oe', 'e').replaceAll('ou', 'o');
}

/**
 * 0: no match; more is better. Every word typed must be the start of a word, or at least be inside one. Compared as
 * written too, or "dyspno" on the way to "dyspnoea" would find nothing for one keystroke.
 */
export function score(text: string, query: string): number {
  return Math.max(points(plain(text), plain(query)), points(fold(text), fold(query)));
}

function points(text: string, query: string): number {
  if (query === '') return 0;
  if (text === query) return 100;
  if (text.startsWith(query)) return 90;
  const words = text.split(' ');
  const typed = query.split(' ');
  let total = 0;
  for (const part of typed) {
    if (words.some((word) => word === part)) total += 3;
    else if (words.some((word) => word.startsWith(part))) total += 2;
    else if (part.length >= 3 && text.includes(part)) total += 1;
    else return 0;
  }
  // 10 (all inside words) to 80 (all whole words), short texts first.
  return 10 + (total / (3 * typed.length)) * 60 + 10 / words.length;
}

export function search<T extends Term>(
  terms: readonly T[],
  text: string,
  { limit = 12, exclude = new Set<string>() }: { limit?: number; exclude?: ReadonlySet<string> } = {},
): Match<T>[] {
  const matches: Match<T>[] = [];
  for (const term of terms) {
    if (exclude.has(term.id)) continue;
    let best: Match<T> = { term, synonym: null, score: score(term.label, text) };
    for (const synonym of term.synonyms) {
      // A synonym must beat the label: what is shown is the label.
      const own = score(synonym, text) - 5;
      if (own > best.score) best = { term, synonym, score: own };
    }
    if (best.score > 0) matches.push(best);
  }
  return matches
    .sort((a, b) => b.score - a.score || a.term.label.localeCompare(b.term.label))
    .slice(0, limit);
}
