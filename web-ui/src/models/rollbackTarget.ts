import type { AliasEvent } from '../api/types';

/** Where a rollback would lead: what was promoted before the present one and not taken back since. */
export function rollbackTarget(
  events: Pick<AliasEvent, 'sequence' | 'to' | 'rollback'>[],
): AliasEvent['to'] | null {
  const promoted: AliasEvent['to'][] = [];
  for (const event of [...events].sort((a, b) => a.sequence - b.sequence)) {
    if (event.rollback) promoted.pop();
    else promoted.push(event.to);
  }
  return promoted.at(-2) ?? null;
}
