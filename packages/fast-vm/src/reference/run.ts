import { FIELD, STATE_PAGE } from '../layout.ts';
import type { Hart } from '../hart.ts';
import { referenceStep } from './step.ts';

/**
 * Executes up to `limit` steps by the reference.
 *
 * @param idle - whether to go on when the machine has halted, as long as steps still change its state.
 * @returns the number of steps executed.
 */
export function referenceSteps(hart: Hart, limit: number, idle: boolean): number {
  const { memory, pristine } = hart;
  const isOver = (): boolean =>
    memory.loadWord(STATE_PAGE + FIELD.halted) !== 0 && (!idle || memory.loadWord(STATE_PAGE + FIELD.log2Period) === 0);
  hart.store();
  let done = 0;
  try {
    for (; done < limit && !isOver(); done++) referenceStep(memory, pristine);
  } finally {
    hart.load();
  }
  return done;
}
