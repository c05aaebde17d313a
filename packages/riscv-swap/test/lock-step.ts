import { FIELD, STATE_PAGE, type FastVM } from '@commute/fast-vm';
import type { Memory, Snapshot } from '@commute/machine';
import type { MicroRiscv } from '@commute/micro-riscv';
import type { RiscvLayer } from '@commute/riscv-swap';
import { attach, detach, firstDifference } from '@commute/swap';

const Q = 0xff00_0000;

/** Both machines of a layer side by side. */
export class LockStep {
  readonly upper: FastVM;
  readonly lower: MicroRiscv;
  /** Most micro-steps that an instruction has taken. */
  longest = 0;
  readonly #layer: RiscvLayer;

  constructor(layer: RiscvLayer) {
    this.#layer = layer;
    this.upper = layer.upper();
    this.lower = layer.lower();
    this.upper.memory.journaling = true;
    this.lower.memory.journaling = true;
  }

  /** Puts both in the same state. */
  start(state: Snapshot): void {
    this.upper.restore(state);
    this.lower.restore(attach(this.#layer, state));
  }

  /**
   * Does `count` steps on both and compares every word that either has stored.
   *
   * @returns what differs, or undefined.
   */
  step(count = 1): string | undefined {
    const { upper, lower } = this;
    upper.memory.journalLength = 0;
    lower.memory.journalLength = 0;
    upper.advance(count);
    upper.sync();
    for (let i = 0; i < count; i++) this.#lowerStep();
    // Cleaning the upper machine's auxiliary state empties the journals.
    if (upper.memory.loadWord(STATE_PAGE + FIELD.log2Period) !== 0) return this.compare();
    return this.#differenceIn(upper.memory) ?? this.#differenceIn(lower.memory);
  }

  /** Compares the whole states. */
  compare(): string | undefined {
    const found = firstDifference(this.upper.snapshot(), detach(this.#layer, this.lower.snapshot()));
    return found === undefined ? undefined : this.#describe(found);
  }

  #lowerStep(): void {
    const steps = 2 ** this.#layer.log2Steps;
    const executed = this.lower.run(steps - 1);
    const halt = this.lower.halt;
    if (halt?.kind !== 'exit' || halt.code !== 0) throw new Error(`the interpreter ended with ${JSON.stringify(halt)}`);
    this.longest = Math.max(this.longest, executed);
    this.lower.advance(steps - executed);
  }

  #differenceIn(memory: Memory): string | undefined {
    const { journal, journalLength } = memory;
    for (let i = 0; i < journalLength; i++) {
      const address = (journal[i]! & ~3) >>> 0;
      if (address < Q && this.upper.memory.loadWord(address) !== this.lower.memory.loadWord(address)) {
        return this.#describe(address);
      }
    }
    return undefined;
  }

  #describe(address: number): string {
    const value = (memory: Memory): string => hex(memory.loadWord(address));
    const name = address >= STATE_PAGE && address < STATE_PAGE + 0x1000 ? fieldName(address - STATE_PAGE) : 'memory';
    return `${name} at ${hex(address)}: ${value(this.upper.memory)} after the fast machine, ${value(this.lower.memory)} after the micro machine`;
  }
}

function fieldName(offset: number): string {
  if (offset < FIELD.pc) return `x${String(offset >> 3)}`;
  const fields = Object.entries(FIELD);
  const found = fields.find(([, at]) => at === offset) ?? fields.find(([, at]) => at === (offset & ~7));
  return found?.[0] ?? 'unused';
}

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
