import { BaseError } from '@commute/errors';
import { Snapshot, type Hasher, type PristineRegion, type WordAccess } from '@commute/machine';
import { auxiliaryFrom, type Auxiliary } from '../../src/index.ts';
import type { StepDefinition } from './step-machine.ts';

/*
 * A machine below any other: each of its steps does one single access of a step of the machine above. P, its auxiliary
 * page, keeps the clock and the words read so far; with them the step above is run again up to the access whose turn it
 * is.
 */

/** Thrown inside the step above once the access whose turn it is has been done. */
class Performed extends Error {}

/** The machine that does `above` one access at a time; 2^log2Steps of its steps are one step above. */
export function oneAccess(
  above: StepDefinition,
  base: number,
  log2Steps: number,
  hasher?: Hasher,
): StepDefinition & { readonly auxiliary: Auxiliary } {
  const clockAt = base;
  const countAt = base + 4;
  const doneAt = base + 8;
  const valueAt = (i: number): number => base + 32 + 4 * i;
  const auxiliary = auxiliaryFrom({ base, log2Size: 12 }, Snapshot.empty(hasher));

  const step = (access: WordAccess): void => {
    const clock = access.loadWord(clockAt) + 1;
    const done = access.loadWord(doneAt);
    if (clock === 2 ** log2Steps) {
      if (done === 0)
        throw new BaseError('TEST_OVERRUN', `steps: expected to be done in ${String(clock)}, got more`, {});
      access.replaceRegion(auxiliary);
      return;
    }
    access.storeWord(clockAt, clock);
    if (done !== 0) return;
    const count = access.loadWord(countAt);
    let turn = 0;
    const perform = (act: () => number | undefined): number => {
      const mine = turn++;
      if (mine < count) return access.loadWord(valueAt(mine));
      const value = act();
      if (value !== undefined) access.storeWord(valueAt(mine), value);
      throw new Performed();
    };
    try {
      above.step({
        loadWord: (address) => perform(() => access.loadWord(address)),
        storeWord: (address, value) => {
          perform(() => {
            access.storeWord(address, value);
            return undefined;
          });
        },
        replaceRegion: (pristine: PristineRegion) => {
          perform(() => {
            access.replaceRegion(pristine);
            return undefined;
          });
        },
      });
    } catch (error) {
      if (!(error instanceof Performed)) throw error;
      access.storeWord(countAt, count + 1);
      return;
    }
    access.storeWord(doneAt, 1);
  };
  return {
    name: `one access of ${above.name}`,
    clockInState: true,
    step,
    halt: (access) => (access.loadWord(doneAt) === 0 ? undefined : { kind: 'exit', code: 0 }),
    auxiliary,
    regions: [auxiliary, ...(above.regions ?? [])],
  };
}
