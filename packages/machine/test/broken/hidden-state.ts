import { machineConformance } from '../../src/conformance.ts';
import { Countdown, countdownStep } from '../../examples/countdown.ts';

/** Keeps a count outside its memory and lets it influence a step. */
class HiddenState extends Countdown {
  #calls = 0;

  override run(limit: number): number {
    let executed = 0;
    while (executed < limit && this.halt === undefined) {
      if (++this.#calls % 7 === 0) this.memory.storeWord(0x2000, this.#calls);
      countdownStep(this.memory);
      executed++;
    }
    return executed;
  }
}

machineConformance({
  name: 'hidden state',
  create: () => new HiddenState(),
  prepare: (machine) => machine.memory.storeWord(0x1000, 90),
  steps: 60,
});
