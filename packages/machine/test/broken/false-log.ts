import type { AccessLog } from '../../src/index.ts';
import { machineConformance } from '../../src/conformance.ts';
import { Countdown } from '../../examples/countdown.ts';

/** Leaves the last write out of its log. */
class FalseLog extends Countdown {
  override logStep(): AccessLog {
    return super.logStep().slice(0, -1);
  }
}

machineConformance({
  name: 'false log',
  create: () => new FalseLog(),
  prepare: (machine) => machine.memory.storeWord(0x1000, 90),
  steps: 60,
});
