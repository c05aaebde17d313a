import { BaseError, assertInteger } from '@commute/errors';
import {
  Memory,
  RecordingAccess,
  type AccessLog,
  type Halt,
  type Hasher,
  type LoadOptions,
  type Machine,
  type MachineSupport,
  type PristineRegion,
  type ProgramImage,
  type Snapshot,
} from '@commute/machine';
import { CAUSE, FAST_VM_REGION, ERROR_BASE, FIELD, HALTED_EXIT, OUTPUT_BASE, STATE_PAGE } from './layout.ts';
import { HALTED, HALT_CODE, HALT_VALUE, Hart, PC, fieldOf } from './hart.ts';
import { loadProgram, type Personality } from './load.ts';
import { referenceStep } from './reference/step.ts';
import { referenceSteps } from './reference/run.ts';
import { advanceSteps, runSteps } from './run.ts';
import {
  Translator,
  type Fallback,
  type TranslationStatistics,
  type TranslatorSettings,
} from './translate/translator.ts';

/** Options of {@link createFastVM}. */
export interface FastVMOptions {
  /** The hash under state roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** Most pages of 4096 bytes in use; 2^18 unless told. */
  readonly maximumPages?: number;
  /** Unless told, `machine` if the program has a symbol `tohost`, else `user`. */
  readonly personality?: Personality;
  /** What cleaning sets {@link FAST_VM_REGION} to, for a state with a period; with its content. */
  readonly pristine?: PristineRegion;
  /** How steps are executed; `interpreter` unless told. */
  readonly implementation?: Implementation;
  /**
   * Is told when a machine made with `translator` begins to interpret everything, at most once: not before it finds code that is
   * worth translating. An error thrown here leaves the machine by way of `run` or `advance`.
   */
  readonly onFallback?: (fallback: Fallback) => void;
}

/**
 * How steps are executed. All come to the same state after every step, so that they can be run side by side.
 *
 * - `interpreter`: instruction by instruction; quick from the first step on.
 * - `translator`: hot code of long runs as WebAssembly, all else as the interpreter does. Where the host has no
 *   WebAssembly, forbids to compile or has no room ({@link FastVMOptions.onFallback}), and for runs of fewer than 8,192
 *   steps, that is everything.
 * - `reference`: the slow and obvious step, over and over; a thousandth of the speed.
 */
export type Implementation = 'interpreter' | 'translator' | 'reference';

/** The fast machine: RV64IMAC, one hart. */
export interface FastVM extends Machine {
  /** Everything the program has written to file descriptor 2. */
  readonly errorOutput: () => Uint8Array;
  /** A register by number, 0 to 31, unsigned 64 bits. */
  readonly register: (index: number) => bigint;
  /** Address of the next instruction, unsigned 64 bits. */
  readonly pc: () => bigint;
  /** Steps executed since loading, modulo 2^64. */
  readonly time: () => bigint;
  /** What was translated so far; undefined unless the machine was made with `translator`. Not part of the state. */
  readonly translation: () => TranslationStatistics | undefined;
}

const MAXIMUM_STEPS = 2 ** 53 - 1;

const CAUSE_NAMES: Readonly<Record<number, string>> = {
  [CAUSE.fetchAccess]: 'instruction-access',
  [CAUSE.illegalInstruction]: 'illegal-instruction',
  [CAUSE.breakpoint]: 'breakpoint',
  [CAUSE.loadMisaligned]: 'load-misaligned',
  [CAUSE.loadAccess]: 'load-access',
  [CAUSE.storeMisaligned]: 'store-misaligned',
  [CAUSE.storeAccess]: 'store-access',
};

/**
 * Makes a fast machine with an all-zero state; load a program or restore a snapshot.
 *
 * The state and every step are those of `docs/spec/fast-vm.md`. The machine holds registers outside its memory while it
 * runs, and decoded instructions; neither is part of the state. When memory runs out
 * (`MACHINE_MEMORY_EXHAUSTED`) the state is that before the step which needed more.
 *
 * @throws BaseError `FAST_VM_PRISTINE_RANGE` if `pristine` is for another region or has no content.
 * @example
 * ```ts
 * import { createFastVM } from '@commute/fast-vm';
 *
 * const vm = createFastVM();
 * // li a0, 42; li a7, 93; ecall
 * const bytes = new Uint8Array(new Uint32Array([0x02a00513, 0x05d00893, 0x00000073]).buffer);
 * vm.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes }] });
 * vm.run(1000);
 * if (vm.halt?.kind !== 'exit' || vm.halt.code !== 42) throw new Error('expected exit code 42');
 * ```
 */
export function createFastVM(options: FastVMOptions = {}): FastVM {
  return createMachine(options).vm;
}

/** A machine with its translator, if it has one; with settings of the translator, for tests. */
export function createMachine(
  options: FastVMOptions,
  settings: Partial<TranslatorSettings> = {},
): { readonly vm: FastVM; readonly translator: Translator | undefined } {
  const { hasher, maximumPages, personality, pristine, implementation = 'interpreter', onFallback } = options;
  if (pristine !== undefined) assertPristine(pristine);
  const memory = new Memory({
    ...(hasher === undefined ? {} : { hasher }),
    ...(maximumPages === undefined ? {} : { maximumPages }),
  });
  const hart = new Hart(memory, pristine);
  const translator = implementation === 'translator' ? new Translator(hart, settings, onFallback) : undefined;
  hart.translator = translator;
  return { vm: new HartMachine(hart, personality, implementation === 'reference', translator), translator };
}

class HartMachine implements FastVM {
  readonly name = 'fast-vm';
  readonly supports: MachineSupport;
  readonly memory: Memory;
  readonly #hart: Hart;
  readonly #personality: Personality | undefined;
  readonly #byReference: boolean;
  readonly #translator: Translator | undefined;

  constructor(
    hart: Hart,
    personality: Personality | undefined,
    byReference: boolean,
    translator: Translator | undefined,
  ) {
    this.#hart = hart;
    this.#personality = personality;
    this.#byReference = byReference;
    this.#translator = translator;
    this.memory = hart.memory;
    this.supports = { accessLog: true, clockInState: hart.pristine !== undefined };
  }

  get halt(): Halt | undefined {
    const { x } = this.#hart;
    if (x[HALTED] === 0) return undefined;
    const code = x[HALT_CODE]! >>> 0;
    if (x[HALTED] === HALTED_EXIT) return { kind: 'exit', code };
    const cause = CAUSE_NAMES[code] ?? `cause-${String(code)}`;
    return { kind: 'trap', cause, address: Number(fieldOf(x, PC)), value: Number(fieldOf(x, HALT_VALUE)) };
  }

  readonly load = (program: ProgramImage, options: LoadOptions = {}): void => {
    // Whatever happens, the registers are those in memory afterwards.
    this.#hart.store();
    try {
      loadProgram(this.memory, program, options.input ?? new Uint8Array(0), this.#personality);
    } finally {
      this.#hart.load();
    }
  };

  readonly run = (limit: number): number => {
    assertInteger('FAST_VM_STEPS_RANGE', 'limit', limit, 0, MAXIMUM_STEPS);
    return this.#byReference ? referenceSteps(this.#hart, limit, false) : runSteps(this.#hart, limit);
  };

  readonly advance = (count: number): void => {
    assertInteger('FAST_VM_STEPS_RANGE', 'count', count, 0, MAXIMUM_STEPS);
    if (this.#byReference) referenceSteps(this.#hart, count, true);
    else advanceSteps(this.#hart, count);
  };

  readonly sync = (): void => {
    this.#hart.store();
  };

  readonly snapshot = (): Snapshot => {
    this.#hart.store();
    return this.memory.snapshot();
  };

  readonly restore = (snapshot: Snapshot): void => {
    this.memory.restore(snapshot);
    this.#hart.load();
  };

  readonly root = (): Uint8Array => this.snapshot().root();

  readonly logStep = (): AccessLog => {
    const hart = this.#hart;
    hart.store();
    const access = new RecordingAccess(this.memory);
    referenceStep(access, hart.pristine);
    hart.load();
    return access.log;
  };

  readonly output = (): Uint8Array => this.memory.read(OUTPUT_BASE, this.#hart.x[FIELD.outputLength / 4]! >>> 0);

  readonly errorOutput = (): Uint8Array => this.memory.read(ERROR_BASE, this.#hart.x[FIELD.errorLength / 4]! >>> 0);

  readonly register = (index: number): bigint => {
    assertInteger('FAST_VM_REGISTER_RANGE', 'index', index, 0, 31);
    return fieldOf(this.#hart.x, 2 * index);
  };

  readonly pc = (): bigint => fieldOf(this.#hart.x, PC);

  readonly time = (): bigint => fieldOf(this.#hart.x, FIELD.time / 4);

  readonly translation = (): TranslationStatistics | undefined => {
    if (this.#translator === undefined) return undefined;
    const { steps, modules, fallback } = this.#translator;
    return { steps, modules, fallback };
  };
}

function assertPristine(pristine: PristineRegion): void {
  const { region, content } = pristine;
  const fits = region.base === FAST_VM_REGION.base && region.log2Size === FAST_VM_REGION.log2Size;
  if (fits && content !== undefined) return;
  throw new BaseError(
    'FAST_VM_PRISTINE_RANGE',
    `pristine: expected the content of 2^28 bytes from ${String(STATE_PAGE)} on, got ${
      fits ? 'no content' : `2^${String(region.log2Size)} bytes from ${String(region.base)} on`
    }`,
    { base: region.base, log2Size: region.log2Size },
  );
}
