import { RangeMismatchError, assertInteger } from '@commute/errors';
import { isCanonical } from '@commute/field';
import {
  Memory,
  Snapshot,
  keccak256,
  type AccessLog,
  type Halt,
  type Hasher,
  type LoadOptions,
  type Machine,
  type MachineSupport,
  type ProgramImage,
} from '@commute/machine';
import { causeText } from './causes.ts';
import { Core } from './core.ts';
import { StackVMError } from './errors.ts';
import { execute } from './execute.ts';
import {
  DIGEST_BASE,
  FIELD,
  HALTED,
  INPUT_BASE,
  OUTPUT_BASE,
  PROGRAM_BASE,
  PROGRAM_WORDS,
  SECRET_BASE,
  STACK_REGISTERS,
  STATE_PAGE,
  STREAM_ELEMENTS,
} from './layout.ts';
import { hashElements, type Digest } from './tip5.ts';
import { DIGEST_LENGTH } from './tip5-constants.ts';
import { fromElement, result, toElement } from './words.ts';

/** Options of {@link createStackVM}. */
export interface StackVMOptions {
  /** The hash under state roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** Most pages that may be in use; see `Memory` of `@commute/machine`. */
  readonly maximumPages?: number;
  /**
   * Whether `swap`, `pick` and `place` trap where they would move a word of the program digest at the bottom of the stack;
   * false unless told. Then the digest is at the bottom in every state, so that a stack handed from one segment of a run to
   * the next also hands over which program it is.
   */
  readonly programIntegrity?: boolean;
}

/** What a run starts from besides the program. All elements are canonical. */
export interface StackVMLoadOptions extends LoadOptions {
  /** The input as elements; `input` has them as bytes, 8 for each, little-endian. Give one of the two. */
  readonly publicInput?: readonly bigint[];
  /** What `divine` reads. */
  readonly secretInput?: readonly bigint[];
  /** What `merkle_step` reads. */
  readonly digests?: readonly Digest[];
  /** RAM before the first step, by address. */
  readonly ram?: Iterable<readonly [address: bigint, element: bigint]>;
}

/** The stack machine. */
export interface StackVM extends Machine {
  /** Clears the state and loads a program, as `Program.image` gives it. */
  readonly load: (program: ProgramImage, options?: StackVMLoadOptions) => void;
  /** Address of the next instruction. */
  readonly ip: bigint;
  /** Elements on the stack. */
  readonly stackSize: number;
  /** Element at `index` from the top of the stack, 0 to `stackSize` - 1. */
  readonly stackElement: (index: number) => bigint;
  /** The elements that have been written so far. */
  readonly outputElements: () => bigint[];
}

/**
 * Makes a stack machine with the instruction set of Triton VM. Its state is all zero until {@link StackVM.load} or
 * {@link Machine.restore}.
 *
 * `run` and `advance` throw `MACHINE_MEMORY_EXHAUSTED` in front of a step that needs more pages than allowed.
 *
 * @example
 * ```ts
 * import { assemble, createStackVM } from '@commute/stack-vm';
 * const result = assemble('read_io 2 mul write_io 1 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * const machine = createStackVM();
 * machine.load(result.program.image(), { publicInput: [6n, 7n] });
 * machine.run(100);
 * if (machine.halt?.kind !== 'exit' || machine.outputElements()[0] !== 42n) throw new Error('42 expected');
 * ```
 */
export function createStackVM(options: StackVMOptions = {}): StackVM {
  return new StackMachine(options);
}

class StackMachine implements StackVM {
  readonly name = 'stack-vm';
  readonly supports: MachineSupport = { accessLog: false, clockInState: false };
  readonly memory: Memory;
  readonly #core: Core;
  readonly #programIntegrity: boolean;
  #synced = true;

  constructor(options: StackVMOptions) {
    const { hasher = keccak256, maximumPages, programIntegrity = false } = options;
    this.memory = new Memory(maximumPages === undefined ? { hasher } : { hasher, maximumPages });
    this.#programIntegrity = programIntegrity;
    this.#core = new Core(this.memory);
  }

  get ip(): bigint {
    return toElement(this.#core.ipLow, this.#core.ipHigh);
  }

  get stackSize(): number {
    return this.#core.size;
  }

  get halt(): Halt | undefined {
    const { halted, cause, ipLow, ipHigh } = this.#core;
    if (halted === HALTED.running) return undefined;
    if (halted === HALTED.halted) return { kind: 'exit', code: 0 };
    return { kind: 'trap', cause: causeText(cause), address: ipHigh * 2 ** 32 + ipLow, value: cause };
  }

  readonly stackElement = (index: number): bigint => {
    assertInteger('STACK_VM_COUNT_RANGE', 'index', index, 0, this.#core.size - 1);
    return this.#core.element(index);
  };

  readonly load = (program: ProgramImage, options: StackVMLoadOptions = {}): void => {
    const words = wordsOf(program);
    const input = inputOf(options);
    const { secretInput = [], digests = [] } = options;
    for (const [i, digest] of digests.entries()) {
      if (digest.length !== DIGEST_LENGTH) {
        throw new StackVMError('STACK_VM_TOO_LARGE', `digests[${String(i)}]`, '5 elements', String(digest.length));
      }
    }
    const digestElements = digests.flat();
    const ram = [...(options.ram ?? [])];
    assertElements('input', input);
    assertElements('secretInput', secretInput);
    assertElements('digests', digestElements);
    ram.forEach((cell, i) => {
      assertElements(`ram[${String(i)}]`, cell);
    });

    const { memory } = this;
    const empty = Snapshot.empty(memory.hasher);
    memory.restore(empty);
    try {
      memory.write(PROGRAM_BASE, bytesOf(words));
      memory.write(INPUT_BASE, bytesOf(input));
      memory.write(SECRET_BASE, bytesOf(secretInput));
      memory.write(DIGEST_BASE, bytesOf(digestElements));
      const field = (offset: number, value: number): void => {
        memory.storeWord(STATE_PAGE + offset, value);
      };
      // st11 to st15: the last word of the digest is the bottom of the stack.
      memory.write(STATE_PAGE + FIELD.stack + 8 * (STACK_REGISTERS - DIGEST_LENGTH), bytesOf(hashElements(words)));
      field(FIELD.stackSize, STACK_REGISTERS);
      field(FIELD.programIntegrity, this.#programIntegrity ? 1 : 0);
      field(FIELD.programLength, words.length);
      field(FIELD.inputLength, input.length);
      field(FIELD.secretLength, secretInput.length);
      field(FIELD.digestCount, digests.length);
      this.#core.ram.load();
      for (const [address, element] of ram) this.#initialize(address, element);
      this.#core.load(memory.snapshot());
    } catch (error) {
      memory.restore(empty);
      this.#core.load(empty);
      throw error;
    } finally {
      this.#synced = true;
    }
  };

  readonly run = (limit: number): number => {
    assertInteger('STACK_VM_COUNT_RANGE', 'limit', limit, 0, Number.MAX_SAFE_INTEGER);
    if (limit > 0 && this.halt === undefined) this.#synced = false;
    return execute(this.#core, limit);
  };

  readonly advance = (count: number): void => {
    this.run(count);
  };

  readonly sync = (): void => {
    if (this.#synced) return;
    this.#core.store();
    this.#synced = true;
  };

  readonly snapshot = (): Snapshot => {
    this.sync();
    return this.memory.snapshot();
  };

  readonly restore = (snapshot: Snapshot): void => {
    this.memory.restore(snapshot);
    this.#core.load(snapshot);
    this.#synced = true;
  };

  readonly root = (): Uint8Array => this.snapshot().root();

  readonly logStep = (): AccessLog => {
    throw new StackVMError('MACHINE_LOG_UNSUPPORTED', 'logStep', 'a machine with an access log', this.name);
  };

  readonly output = (): Uint8Array => this.memory.read(OUTPUT_BASE, 8 * this.#core.outputLength);

  readonly outputElements = (): bigint[] => {
    const view = new DataView(this.memory.read(OUTPUT_BASE, 8 * this.#core.outputLength).buffer);
    return Array.from({ length: this.#core.outputLength }, (_, i) => view.getBigUint64(8 * i, true));
  };

  #initialize(address: bigint, element: bigint): void {
    fromElement(address);
    const at = this.#core.ram.claim(result[0]!, result[1]!);
    if (at < 0) throw new StackVMError('STACK_VM_TOO_LARGE', 'ram', 'elements in at most 65536 blocks', 'one more');
    this.memory.write(at, bytesOf([element]));
  }
}

/** The words of a program image, checked. */
function wordsOf(program: ProgramImage): bigint[] {
  const [segment] = program.segments;
  const fits =
    program.segments.length === 1 &&
    segment?.address === PROGRAM_BASE &&
    program.entry === PROGRAM_BASE &&
    segment.bytes.length % 8 === 0 &&
    (segment.memorySize ?? segment.bytes.length) === segment.bytes.length;
  if (!fits || segment.bytes.length === 0) {
    throw new StackVMError('STACK_VM_PROGRAM', 'program', 'one segment of whole words at 0x10000000', 'another image');
  }
  if (segment.bytes.length > 8 * PROGRAM_WORDS) {
    throw new StackVMError('STACK_VM_TOO_LARGE', 'program', 'at most 2^25 words', String(segment.bytes.length / 8));
  }
  const words = elementsOf(segment.bytes);
  assertElements('program', words);
  return words;
}

function inputOf(options: StackVMLoadOptions): readonly bigint[] {
  const { input, publicInput } = options;
  if (publicInput !== undefined && input !== undefined) {
    throw new RangeMismatchError('STACK_VM_PROGRAM', 'input', 'either input or publicInput', 'both');
  }
  if (input === undefined) return publicInput ?? [];
  if (input.length % 8 !== 0) {
    throw new RangeMismatchError('STACK_VM_NOT_CANONICAL', 'input', '8 bytes for each element', input.length);
  }
  return elementsOf(input);
}

function elementsOf(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getBigUint64(8 * i, true));
}

function bytesOf(elements: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * elements.length);
  const view = new DataView(bytes.buffer);
  elements.forEach((element, i) => {
    view.setBigUint64(8 * i, element, true);
  });
  return bytes;
}

function assertElements(name: string, elements: readonly bigint[]): void {
  if (elements.length > STREAM_ELEMENTS) {
    throw new StackVMError('STACK_VM_TOO_LARGE', name, 'at most 2^25 elements', String(elements.length));
  }
  for (const [i, element] of elements.entries()) {
    if (!isCanonical(element)) {
      throw new StackVMError(
        'STACK_VM_NOT_CANONICAL',
        `${name}[${String(i)}]`,
        'an element in [0, p)',
        String(element),
      );
    }
  }
}
