import { machineConformance } from '../../src/conformance.ts';
import { Countdown } from '../../examples/countdown.ts';

/** Goes on changing its state when it has halted. */
class MovingHalt extends Countdown {
  override advance(count: number): void {
    super.advance(count);
    if (this.halt !== undefined) this.memory.storeWord(0x2000, this.memory.loadWord(0x2000) + count);
  }
}

machineConformance({
  name: 'moving halt',
  create: () => new MovingHalt(),
  prepare: (machine) => machine.memory.storeWord(0x1000, 20),
  steps: 60,
});
