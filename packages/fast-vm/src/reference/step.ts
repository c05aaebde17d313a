import { BaseError } from '@commute/errors';
import type { PristineRegion, WordAccess } from '@commute/machine';
import { CAUSE, HALTED_EXIT, HALTED_TRAP, OUTPUT_BASE, STREAM_BYTES } from '../layout.ts';
import { executeAtomic } from './atomic.ts';
import { pending, readCsr, writeCsr, type CounterWrites } from './csr.ts';
import { decodeCompressed } from './decode-compressed.ts';
import { decodeFull } from './decode.ts';
import { executeBase, type Outcome } from './execute.ts';
import { hostCall } from './host-calls.ts';
import type { Operation } from './operation.ts';
import { ReferenceState, Trap, modulo64 } from './state.ts';

const MIE = 1n << 3n;
const MPIE = 1n << 7n;
const INTERRUPT = 1n << 63n;
/** A trap that is taken instead of an instruction. */
class Interrupt extends Trap {}
/** Pending bits in order of priority. */
const INTERRUPTS = [11n, 3n, 7n];

/**
 * Executes one step of the fast machine the slow and obvious way, straight from `docs/spec/fast-vm.md`.
 *
 * Shares no code with the quick interpreter but the layout of the state. Runs on a machine's memory, on a recorder, and
 * on the leaves of a proof.
 *
 * @param pristine - what cleaning sets the machine's region to; a state without a period needs none.
 * @throws BaseError `FAST_VM_OVERRUN` if the program still runs when the machine has to be cleaned, and
 *   `FAST_VM_PRISTINE_MISSING` if it has to be and `pristine` is missing; the state is unchanged.
 * @example
 * ```ts
 * import { createFastVM, referenceStep } from '@commute/fast-vm';
 * import { RecordingAccess } from '@commute/machine';
 *
 * const vm = createFastVM();
 * const bytes = Uint8Array.of(0x13, 0x05, 0xa0, 0x02); // li a0, 42
 * vm.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes }] });
 * const access = new RecordingAccess(vm.memory);
 * referenceStep(access);
 * if (vm.memory.loadWord(0xe000_0050) !== 42 || access.log.length === 0) throw new Error('expected a0 to be 42');
 * ```
 */
export function referenceStep(access: WordAccess, pristine?: PristineRegion): void {
  const state = new ReferenceState(access);
  const log2Period = state.short('log2Period');
  if (log2Period !== 0) {
    const clock = modulo64(state.long('clock') + 1n);
    if (log2Period < 64 && clock === 1n << BigInt(log2Period)) {
      clean(state, log2Period, pristine);
      return;
    }
    state.setLong('clock', clock);
  }
  if (state.short('halted') !== 0) return;

  const time = state.long('time');
  state.setLong('time', modulo64(time + 1n));
  const isUser = state.isUser;
  const inhibit = isUser ? 0n : state.long('mcountinhibit');
  const writes: CounterWrites = { cycle: false, instret: false };
  let trapped = false;
  try {
    const interrupt = isUser ? undefined : pendingInterrupt(state, time);
    if (interrupt !== undefined) throw new Interrupt(Number(interrupt), 0n);
    const outcome = instruction(state, time, writes);
    if (outcome !== undefined) {
      state.setLong('pc', outcome.pc);
      if (outcome.stored !== undefined && !isUser) lookAtHost(state, ...outcome.stored);
    }
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
    takeTrap(state, error, isUser);
    trapped = !isUser;
  }
  if ((inhibit & 1n) !== 0n && !writes.cycle) decrement(state, 'cycleOffset');
  if (((inhibit & 4n) !== 0n && !writes.instret) || trapped) decrement(state, 'instretOffset');
}

function clean(state: ReferenceState, log2Period: number, pristine: PristineRegion | undefined): void {
  if (state.short('halted') === 0) {
    const pc = `0x${state.long('pc').toString(16)}`;
    throw new BaseError(
      'FAST_VM_OVERRUN',
      `program: expected to halt within 2^${String(log2Period)} - 1 steps, got a machine still running at ${pc}`,
      { pc, log2Period },
    );
  }
  if (pristine === undefined) {
    throw new BaseError('FAST_VM_PRISTINE_MISSING', 'pristine: expected the content to clean with, got none', {});
  }
  state.access.replaceRegion(pristine);
}

function decrement(state: ReferenceState, field: 'cycleOffset' | 'instretOffset'): void {
  state.setLong(field, modulo64(state.long(field) - 1n));
}

function pendingInterrupt(state: ReferenceState, time: bigint): bigint | undefined {
  if ((state.long('mstatus') & MIE) === 0n) return undefined;
  const ready = pending(state, time) & state.long('mie');
  return INTERRUPTS.find((cause) => ((ready >> cause) & 1n) === 1n);
}

function takeTrap(state: ReferenceState, trap: Trap, isUser: boolean): void {
  if (isUser) {
    state.setShort('halted', HALTED_TRAP);
    state.setShort('haltCode', trap.cause);
    state.setLong('haltValue', trap.value);
    return;
  }
  const isInterrupt = trap instanceof Interrupt;
  const status = state.long('mstatus');
  const vector = state.long('mtvec');
  state.setLong('mepc', state.long('pc'));
  state.setLong('mcause', BigInt(trap.cause) | (isInterrupt ? INTERRUPT : 0n));
  state.setLong('mtval', trap.value);
  state.setLong('mstatus', (status & ~(MIE | MPIE)) | ((status & MIE) === 0n ? 0n : MPIE));
  const offset = isInterrupt && (vector & 1n) === 1n ? 4n * BigInt(trap.cause) : 0n;
  state.setLong('pc', modulo64((vector & ~3n) + offset));
}

/** Fetches and executes one instruction; undefined if pc stays. */
function instruction(state: ReferenceState, time: bigint, writes: CounterWrites): Outcome | undefined {
  const pc = state.long('pc');
  const low = fetch(state, pc);
  const isFull = (low & 3) === 3;
  const encoding = isFull ? fetch(state, modulo64(pc + 2n)) * 2 ** 16 + low : low;
  const operation = isFull ? decodeFull(encoding) : decodeCompressed(encoding);
  const next = modulo64(pc + (isFull ? 4n : 2n));
  if (operation === undefined) throw new Trap(CAUSE.illegalInstruction, BigInt(encoding));
  return (
    executeBase(state, operation, pc, next, time) ??
    executeAtomic(state, operation, next) ??
    system(state, operation, { pc, next, time, encoding, writes })
  );
}

function fetch(state: ReferenceState, address: bigint): number {
  if (!state.isAccessible(address, 2) || state.isDevice(address, 2)) throw new Trap(CAUSE.fetchAccess, address);
  return Number(state.load(Number(address), 2));
}

interface Context {
  readonly pc: bigint;
  readonly next: bigint;
  readonly time: bigint;
  readonly encoding: number;
  readonly writes: CounterWrites;
}

/** The instructions of SYSTEM. */
function system(state: ReferenceState, operation: Operation, context: Context): Outcome | undefined {
  const { pc, next, time, encoding, writes } = context;
  const { name, rd, rs1 } = operation;
  const illegal = new Trap(CAUSE.illegalInstruction, BigInt(encoding));
  switch (name) {
    case 'ecall':
      if (!state.isUser) throw new Trap(CAUSE.environmentCall, 0n);
      return hostCall(state) ? { pc: next } : undefined;
    case 'ebreak':
      throw new Trap(CAUSE.breakpoint, pc);
    case 'mret': {
      if (state.isUser) throw illegal;
      const status = state.long('mstatus');
      state.setLong('mstatus', (status & ~MIE) | ((status & MPIE) === 0n ? 0n : MIE) | MPIE);
      return { pc: state.long('mepc') };
    }
    case 'wfi':
      if (state.isUser) throw illegal;
      return { pc: next };
    default: {
      const number = Number(operation.immediate);
      const always = name === 'csrrw' || name === 'csrrwi';
      const isWrite = always || rs1 !== 0;
      const old = readCsr(state, number, time);
      if (old === undefined || (isWrite && number >= 0xc00)) throw illegal;
      const operand = name.endsWith('i') ? BigInt(rs1) : state.register(rs1);
      const value = always ? operand : name.startsWith('csrrs') ? old | operand : old & ~operand;
      if (isWrite) writeCsr(state, number, value, time, writes);
      state.setRegister(rd, old);
      return { pc: next };
    }
  }
}

/** After a store of the machine personality: the request at `tohost`, if the store touched it. */
function lookAtHost(state: ReferenceState, address: bigint, length: number): void {
  const tohost = state.long('tohost');
  if (tohost === 0n || !state.isAccessible(tohost, 8) || state.isDevice(tohost, 8)) return;
  if (address >= tohost + 8n || address + BigInt(length) <= tohost) return;
  const value = state.load(Number(tohost), 8);
  if ((value & 1n) === 1n) {
    state.setShort('halted', HALTED_EXIT);
    state.setShort('haltCode', Number(BigInt.asUintN(32, value >> 1n)));
  } else if (value >> 48n === 0x0101n) {
    const count = state.short('outputLength');
    if (count < STREAM_BYTES) {
      state.store(OUTPUT_BASE + count, 1, value & 0xffn);
      state.setShort('outputLength', count + 1);
    }
    state.store(Number(tohost), 8, 0n);
  }
}
