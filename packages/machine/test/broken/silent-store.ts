import { machineConformance } from '../../src/conformance.ts';
import { Countdown } from '../../examples/countdown.ts';

/** Forgets to note its stores in the journal. */
class SilentStore extends Countdown {
  override advance(count: number): void {
    const { journaling } = this.memory;
    this.memory.journaling = false;
    super.advance(count);
    this.memory.journaling = journaling;
  }
}

machineConformance({
  name: 'silent store',
  create: () => new SilentStore(),
  prepare: (machine) => machine.memory.storeWord(0x1000, 90),
  steps: 60,
});
