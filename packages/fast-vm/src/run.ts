import { BaseError } from '@commute/errors';
import { FIELD } from './layout.ts';
import { execute } from './execute.ts';
import { EVENT_NONE, HALTED, PC, TIME, addToField, fieldOf, setField, type Hart } from './hart.ts';
import { interruptToTake, performEvent, takeTrap } from './system.ts';

const LOG2_PERIOD = FIELD.log2Period / 4;
const CLOCK = FIELD.clock / 4;
const CYCLE_OFFSET = FIELD.cycleOffset / 4;
const INSTRET_OFFSET = FIELD.instretOffset / 4;
const MCOUNTINHIBIT = FIELD.mcountinhibit / 4;
const MTIMECMP = FIELD.mtimecmp / 4;
const INHIBIT_CYCLE = 1;
const INHIBIT_INSTRET = 4;

/** Most steps that the hot loop is given at a time. */
const MAXIMUM_CHUNK = 2 ** 30;

/** Executes up to `limit` steps; stops when the machine halts. */
export function runSteps(hart: Hart, limit: number): number {
  const { x } = hart;
  let done = 0;
  while (done < limit && x[HALTED] === 0) {
    let chunk = Math.min(limit - done, MAXIMUM_CHUNK);
    if (x[LOG2_PERIOD] !== 0) {
      chunk = Math.min(chunk, stepsBeforeCleaning(hart));
      if (chunk === 0) throw overrun(hart);
    }
    if (!hart.user) {
      const cause = interruptToTake(hart);
      if (cause !== 0) {
        step(hart, cause);
        done += 1;
        continue;
      }
      chunk = Math.min(chunk, stepsBeforeTimer(x));
    }
    try {
      if (hart.translator === undefined) execute(hart, chunk);
      else hart.translator.execute(chunk);
    } finally {
      count(hart, hart.executed);
    }
    done += hart.executed;
    if (hart.event !== EVENT_NONE) {
      step(hart, 0);
      done += 1;
    }
  }
  return done;
}

/** Executes exactly `count` steps. */
export function advanceSteps(hart: Hart, steps: number): void {
  const { x } = hart;
  let left = steps - runSteps(hart, steps);
  while (left > 0 && x[LOG2_PERIOD] !== 0) {
    // Halted: only the clock advances until the machine is cleaned.
    const idle = Math.min(left, stepsBeforeCleaning(hart));
    setField(x, CLOCK, fieldOf(x, CLOCK) + BigInt(idle));
    left -= idle;
    if (left === 0) return;
    clean(hart);
    left -= 1;
    left -= runSteps(hart, left);
  }
}

/** One step that takes an interrupt, or does what the event asks for. */
function step(hart: Hart, interrupt: number): void {
  const { x } = hart;
  const inhibit = hart.user ? 0 : x[MCOUNTINHIBIT]!;
  hart.wroteCycle = false;
  hart.wroteInstret = false;
  hart.trapped = false;
  if (interrupt === 0) performEvent(hart);
  else takeTrap(hart, interrupt, true);
  addToField(x, TIME, 1);
  if (x[LOG2_PERIOD] !== 0) addToField(x, CLOCK, 1);
  if ((inhibit & INHIBIT_CYCLE) !== 0 && !hart.wroteCycle) addToField(x, CYCLE_OFFSET, -1);
  if (((inhibit & INHIBIT_INSTRET) !== 0 && !hart.wroteInstret) || hart.trapped) addToField(x, INSTRET_OFFSET, -1);
}

/** Counts steps in which no instruction touched the counters. */
function count(hart: Hart, steps: number): void {
  const { x } = hart;
  addToField(x, TIME, steps);
  if (x[LOG2_PERIOD] !== 0) addToField(x, CLOCK, steps);
  if (hart.user || x[MCOUNTINHIBIT] === 0) return;
  if ((x[MCOUNTINHIBIT]! & INHIBIT_CYCLE) !== 0) addToField(x, CYCLE_OFFSET, -steps);
  if ((x[MCOUNTINHIBIT]! & INHIBIT_INSTRET) !== 0) addToField(x, INSTRET_OFFSET, -steps);
}

/** How many steps the clock allows before the one that cleans; at most 2^53. */
function stepsBeforeCleaning(hart: Hart): number {
  const { x } = hart;
  const log2Period = x[LOG2_PERIOD]! >>> 0;
  if (log2Period >= 64) return 2 ** 53;
  const steps = BigInt.asUintN(64, (1n << BigInt(log2Period)) - 1n - fieldOf(x, CLOCK));
  return Math.min(Number(steps), 2 ** 53);
}

/** How many steps may be executed before the timer interrupt has to be looked at again. */
function stepsBeforeTimer(x: Int32Array): number {
  if ((x[FIELD.mstatus / 4]! & 8) === 0 || (x[FIELD.mie / 4]! & 0x80) === 0) return MAXIMUM_CHUNK;
  const high = (x[MTIMECMP + 1]! >>> 0) - (x[TIME + 1]! >>> 0);
  return Math.min(high * 2 ** 32 + (x[MTIMECMP]! >>> 0) - (x[TIME]! >>> 0), MAXIMUM_CHUNK);
}

function clean(hart: Hart): void {
  if (hart.pristine === undefined) {
    throw new BaseError('FAST_VM_PRISTINE_MISSING', 'pristine: expected the content to clean with, got none', {});
  }
  hart.store();
  hart.memory.replaceRegion(hart.pristine);
  hart.load();
}

function overrun(hart: Hart): BaseError {
  const { x } = hart;
  const pc = `0x${fieldOf(x, PC).toString(16)}`;
  const log2Period = x[LOG2_PERIOD]! >>> 0;
  return new BaseError(
    'FAST_VM_OVERRUN',
    `program: expected to halt within 2^${String(log2Period)} - 1 steps, got a machine still running at ${pc}`,
    { pc, log2Period },
  );
}
