import { findMeeting, type Consume, type Datum, type Meeting } from '@commute/rholang';
import type { Row, Waiting } from './row.ts';

const acceptAny = (): boolean => true;

/** Takes each meeting of a persistent receive that uses nothing up only once, and all others. */
export function acceptOnce(consume: Consume): (meeting: Meeting) => boolean {
  if (!consume.persistent) return acceptAny;
  let seen: Set<string> | undefined;
  return ({ data }) => {
    if (data.some((datum, index) => !datum.persistent && !consume.binds[index]!.peek)) return true;
    seen ??= new Set();
    const combination = data.map((datum) => datum.seed).join('\n');
    if (seen.has(combination)) return false;
    seen.add(combination);
    return true;
  };
}

/** A meeting of a receive that waits with a message that arrives on `row`; `rows` are those of its binds. */
export function meetArriving(
  { consume }: Waiting,
  rows: readonly Row[],
  row: Row,
  datum: Datum,
  accept: (meeting: Meeting) => boolean,
): Meeting | undefined {
  if (rows.length === 1) return findMeeting(consume, [[datum]], accept);
  for (let place = 0; place < rows.length; place += 1) {
    if (rows[place] !== row) continue;
    const candidates = rows.map((other, index) => (index === place ? [datum] : other.data.inOrder()));
    const meeting = findMeeting(consume, candidates, accept);
    if (meeting !== undefined) return meeting;
  }
  return undefined;
}
