import { findMeeting, type Meeting } from './join.ts';
import type { OrderedList } from './ordered-list.ts';
import type { Consume, Datum } from './space.ts';

const acceptAny = (): boolean => true;

/**
 * Takes each meeting of a persistent receive that uses nothing up only once, and all others: for a tuple space that searches for meetings of
 * `consume` until there is none.
 */
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

/** The messages that wait on one channel. */
export interface MessageRow {
  readonly data: OrderedList<Datum>;
}

/**
 * A meeting of a receive that waits with a message that arrives, and is not yet among those of its row.
 *
 * @param rows - those of the binds of `consume`, in their order.
 * @param row - the one of `rows` on whose channel the message arrives.
 */
export function meetArriving<Row extends MessageRow>(
  consume: Consume,
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
