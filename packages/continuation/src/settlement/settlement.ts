/**
 * Settling a disputed step of the machine above by one proof of all the steps below that it takes.
 *
 * The state below is (Q*, S): Q* is public, S is known by its Merkle root. A program in Q*, the interpreter of the machine above, changes some words
 * of S and exits; then Q is cleaned. The proof lists every cell that the program touches with its value afterwards, and opens those in S against the
 * root. So the verifier knows what each listed cell held before, closes the bus of the global link itself, and
 * computes the root afterwards. A cell that is not listed has no tuple on the bus, so it cannot be touched. The list and the root are
 * bound before any challenge is drawn.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import {
  MAXIMUM_LEAVES,
  openProof,
  type PristineRegion,
  proveLeaves,
  type ProofMemory,
  type ProofReason,
  type Snapshot,
} from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD, MICRO_REGION } from '@commute/micro-riscv';
import { BLAKE3 } from '@commute/poly-commit';
import { decodeChain, encodeChain } from '../chain/format.ts';
import { proveChain, type SegmentWitness } from '../chain/prove.ts';
import { type ChainOptions, type ChainSystem, createChainSystem } from '../chain/system.ts';
import { type ChainRefusal, verifySpan } from '../chain/verify.ts';
import { ByteWriter, type DecodeRefusal, sameBytes } from '../claim/bytes.ts';
import { checkWhole, type RunClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { createExecutor } from '../execution/executor.ts';
import { type MachineState } from '../execution/state.ts';
import { cellsOnBus, type StampedValue } from '../link/image.ts';
import { globalExternal } from '../link/state-link.ts';
import {
  BRK_REGISTER,
  INPUT_POSITION_REGISTER,
  OUTPUT_LENGTH_REGISTER,
  REGISTER_COUNT,
  REGISTER_KEYS,
} from '../program/keys.ts';
import { type CodeImage, createProgram } from '../program/program.ts';
import { createMachineProgram, type MachineProgram } from '../run/machine-program.ts';
import { decodeSettlement, encodeSettlement, type SettledCell, writeCells } from './format.ts';

/** Why a settlement is refused. */
export type SettlementRefusal =
  | DecodeRefusal
  | ProofReason
  | ChainRefusal
  /** The auxiliary state before the steps is not the pristine one. */
  | 'not-pristine'
  /** There are not as many steps: the program takes longer. */
  | 'too-many-steps'
  /** They are not those from one cleaning to the next. */
  | 'other-steps';

/** The root after the steps, or why the proof proves nothing. */
export type SettlementVerdict =
  { readonly ok: true; readonly rootAfter: Uint8Array } | { readonly ok: false; readonly reason: SettlementRefusal };

/** What both sides of a settlement have to agree on. */
export interface SettlementOptions extends Pick<
  ChainOptions,
  'securityBits' | 'logBlowup' | 'queryWork' | 'maximumLogRows'
> {
  readonly engine: FieldEngine;
  /** The program in Q*, with what of it is code. */
  readonly interpreter: CodeImage;
  /** Q*, which holds the program, with its content. The machine has no other regions to clean. */
  readonly pristine: Required<PristineRegion>;
}

/** Proves and verifies all steps of the micro machine from one cleaning to the next; fits `settle` and `prove` of @commute/swap. */
export interface Settlement {
  readonly name: string;
  /** Proven bits. */
  readonly securityBits: number;
  /**
   * Proves `steps` steps: all of a period, from one cleaning to the next.
   *
   * @param state - with the pristine auxiliary state in it.
   * @throws {@link ContinuationError} `CONTINUATION_PROGRAM` for steps that cannot be proved: what they do is not within what the tables
   * prove, they take longer, or they touch more than 127 leaves.
   */
  readonly prove: (state: Snapshot, steps: number) => Promise<Uint8Array<ArrayBuffer>>;
  /** Verifies a proof from anybody that `steps` steps lead from one root to another. Never throws because of the bytes. */
  readonly verify: (rootBefore: Uint8Array, proof: Uint8Array, steps: number) => SettlementVerdict;
}

/** log2 of the cycles of the longest segment. */
const MOST_LOG_CYCLES = 16;
/** Cells that a cycle touches, at most: three registers, and two words, or three more registers and a word. */
const MOST_CELLS_PER_CYCLE = 7;
/** What a machine that starts without streams and heap has as zero. */
const ZERO_FIELDS = {
  x0: MICRO_FIELD.registers,
  halted: MICRO_FIELD.halted,
  inputLength: MICRO_FIELD.inputLength,
  inputPosition: MICRO_FIELD.inputPosition,
  outputLength: MICRO_FIELD.outputLength,
  brkStart: MICRO_FIELD.brkStart,
} as const;
/** Lies in Q; opened so that the path to Q is. */
const CONTROL_LEAF = CONTROL_PAGE;

/**
 * Prepares settlements for a program. Computes a commitment to the program, which takes about as long as a small proof.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for a region other than the micro machine's, or a pristine state that does not start the
 * interpreter; `CONTINUATION_PROGRAM` as `createProgram`.
 * @example
 * ```ts
 * import { createSettlement } from '@commute/continuation';
 * import { createFieldEngine } from '@commute/field';
 * import { Snapshot } from '@commute/machine';
 * import { createMicroRiscv, MICRO_REGION, microPristine, PROGRAM_BASE } from '@commute/micro-riscv';
 * // lui a1, 2; lw a2, 0(a1); addi a2, a2, 1; sw a2, 0(a1); li a7, 93; ecall: the machine above counts in the word at 0x2000
 * const words = [0x0000_25b7, 0x0005_a603, 0x0016_0613, 0x00c5_a023, 0x05d0_0893, 0x0000_0073];
 * const bytes = new Uint8Array(Uint32Array.from(words).buffer);
 * const interpreter = { entry: PROGRAM_BASE, segments: [{ address: PROGRAM_BASE, bytes, executable: true }] };
 * const pristine = microPristine(interpreter, { log2Period: 10 });
 * const engine = await createFieldEngine();
 * const settlement = createSettlement({ engine, interpreter, pristine, securityBits: 20, queryWork: 2 });
 *
 * const before = Snapshot.empty().withRegion(MICRO_REGION, pristine.content); // attached
 * const machine = createMicroRiscv({ pristine });
 * machine.restore(before);
 * machine.advance(2 ** 10); // one step of the machine above
 * const verdict = settlement.verify(before.root(), await settlement.prove(before, 2 ** 10), 2 ** 10);
 * if (!verdict.ok || verdict.rootAfter.join() !== machine.root().join()) throw new Error('unreachable');
 * engine.dispose();
 * ```
 */
export function createSettlement(options: SettlementOptions): Settlement {
  const { engine, interpreter, pristine, ...asked } = options;
  if (pristine.region.base !== MICRO_REGION.base || pristine.region.log2Size !== MICRO_REGION.log2Size) {
    const got = `0x${pristine.region.base.toString(16)}`;
    throw new ContinuationError('CONTINUATION_RANGE', 'pristine', 'the region 0xff000000 of 2^24 bytes', got);
  }
  assertHolds(pristine, interpreter);
  const log2Period = pristine.content.word(CONTROL_PAGE + MICRO_FIELD.log2Period);
  const program = createProgram(interpreter, { separateStreams: false, misaligned: true });
  const machine = createMachineProgram(program);
  const system = createChainSystem(machine, { ...asked, form: 'global', engine });
  // The verifier knows all cells that are touched, so there is no list of the ends to prove.
  const chain: ChainSystem = { ...system, ends: undefined, ranges: [] };
  const bound = (root: Uint8Array, cells: readonly SettledCell[]): ChainSystem => ({
    ...chain,
    program: { ...machine, image: new Map(), digest: settlementDigest(machine, root, cells) },
  });

  return {
    name: 'proof of all steps',
    securityBits: asked.securityBits ?? 100,
    prove: async (state, steps) => {
      const { witnesses, cells, exitCode } = execute(machine, state, steps);
      const leaves = new Set([CONTROL_LEAF >>> 5]);
      for (const { key } of cells) if (isUpper(key)) leaves.add(Math.floor(key / 32));
      if (leaves.size > MAXIMUM_LEAVES) {
        throw new ContinuationError(
          'CONTINUATION_PROGRAM',
          'steps',
          `at most ${String(MAXIMUM_LEAVES - 1)} leaves touched`,
          String(leaves.size - 1),
        );
      }
      const opening = proveLeaves(
        state,
        [...leaves].sort((a, b) => a - b),
      );
      const mine = bound(state.root(), cells);
      const proofs = await proveChain(engine, mine, claimOf(mine, exitCode), witnesses);
      return encodeSettlement({ opening, cells, chain: encodeChain(proofs) });
    },
    verify: (rootBefore, proof, steps) => {
      const decoded = decodeSettlement(proof);
      if (!decoded.ok) return decoded;
      // Only with the last step of a period the machine is clean again.
      if (steps !== 2 ** log2Period) return { ok: false, reason: 'other-steps' };
      const { opening, cells, chain: proofs } = decoded.value;
      const opened = openProof(pristine.content.hasher, rootBefore, opening);
      if (!opened.ok) return opened;
      const { memory } = opened;
      const before = valuesBefore(memory, pristine, cells);
      if ('ok' in before) return before;
      // With Q* in the place of Q the root must still be the same.
      memory.loadWord(CONTROL_LEAF);
      memory.replaceRegion(pristine);
      const root = memory.root();
      if (root === null || !sameBytes(root, rootBefore)) return { ok: false, reason: 'not-pristine' };
      const refused = verifySteps(bound(rootBefore, cells), proofs, cells, before, steps);
      if (refused !== undefined) return { ok: false, reason: refused };
      for (const { key, after } of cells) if (isUpper(key)) memory.storeWord(key, after);
      if (!memory.allUsed()) return { ok: false, reason: 'unused-leaf' };
      const rootAfter = memory.root();
      return rootAfter === null ? { ok: false, reason: 'not-canonical' } : { ok: true, rootAfter };
    },
  };
}

/** Throws unless the pristine state starts the interpreter as the tables take it to: its text, its entry, no streams, no heap. */
function assertHolds({ content }: Required<PristineRegion>, { entry, segments }: CodeImage): void {
  const expect = (what: string, expected: number, got: number): void => {
    if (got === expected) return;
    throw new ContinuationError('CONTINUATION_RANGE', 'pristine', `${what} ${String(expected)}`, String(got));
  };
  const field = (offset: number): number => content.word(CONTROL_PAGE + offset);
  expect('pc', entry, field(MICRO_FIELD.pc));
  for (const [name, offset] of Object.entries(ZERO_FIELDS)) expect(name, 0, field(offset));
  for (const { address, bytes, executable } of segments) {
    if (executable !== true) continue;
    bytes.forEach((byte, index) => {
      const at = address + index;
      expect(`at ${String(at)} the byte`, byte, (content.word(at - (at % 4)) >>> (8 * (at % 4))) & 255);
    });
  }
}

/** Whether a key is that of a word of S. */
function isUpper(key: number): boolean {
  return key < MICRO_REGION.base;
}

/** Binds all challenges to the program, the state before and the list of cells. */
function settlementDigest({ digest }: MachineProgram, root: Uint8Array, cells: readonly SettledCell[]): Uint8Array {
  const writer = new ByteWriter().bytes(new TextEncoder().encode('commute/continuation/settlement/v1'));
  return BLAKE3.digest(writeCells(writer.bytes(digest).bytes(root), cells).finish());
}

function claimOf({ program }: ChainSystem, exitCode: number): RunClaim {
  return { program: program.digest, input: new Uint8Array(), output: new Uint8Array(), exitCode };
}

/** The fields of Q's control page as a state of the machine; memory is that of the snapshot. */
function stateFrom(snapshot: Snapshot): MachineState {
  const field = (offset: number): number => snapshot.word(CONTROL_PAGE + offset);
  return {
    pc: field(MICRO_FIELD.pc),
    registers: Uint32Array.from({ length: 32 }, (_, index) => field(MICRO_FIELD.registers + 4 * index)),
    word: (address) => snapshot.word(address),
    brk: field(MICRO_FIELD.brk),
    inputPosition: field(MICRO_FIELD.inputPosition),
    outputLength: field(MICRO_FIELD.outputLength),
  };
}

interface Executed {
  readonly witnesses: readonly SegmentWitness[];
  readonly cells: readonly SettledCell[];
  readonly exitCode: number;
}

function execute(machine: MachineProgram, state: Snapshot, steps: number): Executed {
  const fail = (got: string): never => {
    throw new ContinuationError('CONTINUATION_PROGRAM', 'state', 'steps that can be proved', got);
  };
  const executor = createExecutor(machine.source, { state: stateFrom(state) });
  const witnesses: SegmentWitness[] = [];
  const cells = new Map<number, SettledCell>();
  let [exitCode, cycles] = [0, 0];
  while (!executor.halted) {
    // The last step cleans; so all segments together are shorter than `steps`.
    const logCycles = Math.min(MOST_LOG_CYCLES, Math.floor(Math.log2(steps - cycles - 1)));
    if (!(logCycles >= 1)) fail('more of them');
    const outcome = executor.next(logCycles);
    if (!outcome.ok) return fail(outcome.message);
    const { segment } = outcome;
    cycles += 2 ** segment.claim.logCycles;
    witnesses.push(machine.witness(segment, 0));
    const { keys, after } = segment.touched;
    keys.forEach((key, index) => cells.set(key, { key, after: after[index]!, stamp: witnesses.length }));
    exitCode = segment.claim.exitCode ?? exitCode;
  }
  return { witnesses, cells: [...cells.values()].sort((a, b) => a.key - b.key), exitCode };
}

/** What the listed cells held before: in S by the opening, in Q and the registers by Q*. */
function valuesBefore(
  memory: ProofMemory,
  { content }: Required<PristineRegion>,
  cells: readonly SettledCell[],
): readonly number[] | { readonly ok: false; readonly reason: SettlementRefusal } {
  const { registers, brk, inputPosition, outputLength } = stateFrom(content);
  const hidden = new Map([
    [BRK_REGISTER, brk],
    [INPUT_POSITION_REGISTER, inputPosition],
    [OUTPUT_LENGTH_REGISTER, outputLength],
  ]);
  const values: number[] = [];
  for (const { key } of cells) {
    if (key >= REGISTER_KEYS) {
      const register = key - REGISTER_KEYS;
      if (register >= REGISTER_COUNT) return { ok: false, reason: 'out-of-range' };
      values.push(register < 32 ? registers[register]! : (hidden.get(register) ?? 0));
    } else if (key % 4 !== 0) return { ok: false, reason: 'out-of-range' };
    else if (!isUpper(key)) values.push(content.word(key));
    else if (memory.isOpen(key)) values.push(memory.loadWord(key));
    else return { ok: false, reason: 'missing-leaf' };
  }
  return memory.isOpen(CONTROL_LEAF) ? values : { ok: false, reason: 'missing-leaf' };
}

/** Why the proofs of the segments do not prove that the listed cells change as listed, if they do not. */
function verifySteps(
  chain: ChainSystem,
  bytes: Uint8Array,
  cells: readonly SettledCell[],
  before: readonly number[],
  steps: number,
): SettlementRefusal | undefined {
  const decoded = decodeChain(bytes);
  if (!decoded.ok) return decoded.reason;
  const { segments, ends } = decoded.value;
  if (ends.length > 0) return 'other-ends';
  // A list of cells that nobody touches would cost far more than its bytes, and prove nothing.
  const cycles = segments.reduce((sum, { claim }) => sum + 2 ** claim.logCycles, 0);
  if (cells.length > MOST_CELLS_PER_CYCLE * cycles) return 'other-memory';
  const run = claimOf(chain, segments.at(-1)!.claim.exitCode ?? 0);
  const span = verifySpan(chain, run, segments);
  if (!span.ok) return span.reason;
  const refusal = checkWhole(span.claim, run, chain.program);
  if (refusal !== undefined) return refusal;
  if (span.claim.cycles >= BigInt(steps)) return 'too-many-steps';
  const { memory } = span;
  if (memory.form !== 'global') return 'other-form';
  if (memory.count !== segments.length) return 'other-ends';
  const { field } = chain.segments.parameters;
  const { challenges } = globalExternal(field, span.claim.run, memory.root, memory.count, new Uint8Array());
  const [offset, ratio] = Object.values(challenges);
  const tuples = cells.flatMap(({ key, after, stamp }, index): StampedValue[] => [
    { key: BigInt(key), value: BigInt(before[index]!), stamp: 0n, count: 1n },
    { key: BigInt(key), value: BigInt(after), stamp: BigInt(stamp), count: -1n },
  ]);
  const listed = cellsOnBus(field, tuples, offset!, ratio!);
  if (listed === undefined) return 'unlucky-challenge';
  return field.equals(field.add(memory.sum, listed), field.zero) ? undefined : 'other-memory';
}
