import { hasCode } from '@commute/errors';
import { Memory, Snapshot, blake3, type PristineRegion } from '@commute/machine';
import { FIELD, STATE_PAGE, createFastVM, referenceStep, type FastVM, type FieldName } from '../src/index.ts';
import { createMachine } from '../src/machine.ts';
import type { TranslatorSettings } from '../src/translate/translator.ts';

/** Fields of the state page that have 32 bits. */
const SHORT_FIELDS: ReadonlySet<FieldName> = new Set<FieldName>([
  'halted',
  'haltCode',
  'personality',
  'reservationValid',
  'inputLength',
  'inputPosition',
  'outputLength',
  'errorLength',
  'brkStart',
  'brk',
  'log2Period',
  'msip',
]);

/** A state to start from: fields of the state page, registers by number, bytes by address. */
export interface StateOptions {
  readonly fields?: Partial<Record<FieldName, bigint | number>>;
  readonly registers?: Readonly<Record<number, bigint | number>>;
  readonly memory?: readonly (readonly [address: number, bytes: Uint8Array])[];
}

const long = (value: bigint | number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  return bytes;
};

const scratch = new Memory({ hasher: blake3 });

/** Makes a state; what is not given is zero. */
export function stateOf(options: StateOptions): Snapshot {
  const memory = scratch;
  memory.restore(Snapshot.empty(blake3));
  for (const [address, bytes] of options.memory ?? []) memory.write(address, bytes);
  for (const [name, value] of Object.entries(options.fields ?? {}) as [FieldName, bigint | number][]) {
    memory.write(STATE_PAGE + FIELD[name], SHORT_FIELDS.has(name) ? long(value).subarray(0, 4) : long(value));
  }
  for (const [index, value] of Object.entries(options.registers ?? {})) {
    memory.write(STATE_PAGE + FIELD.x + 8 * Number(index), long(value));
  }
  return memory.snapshot();
}

/** A field of a state, unsigned. */
export function fieldIn(state: Snapshot, name: FieldName): bigint {
  const low = BigInt(state.word(STATE_PAGE + FIELD[name]));
  return SHORT_FIELDS.has(name) ? low : low | (BigInt(state.word(STATE_PAGE + FIELD[name] + 4)) << 32n);
}

/** A register of a state, unsigned. */
export function registerIn(state: Snapshot, index: number): bigint {
  const address = STATE_PAGE + FIELD.x + 8 * index;
  return BigInt(state.word(address)) | (BigInt(state.word(address + 4)) << 32n);
}

/** What two states differ in, in words; empty if they are equal. */
export function difference(a: Snapshot, b: Snapshot): string[] {
  const found: string[] = [];
  for (const { index } of a.differences(b)) {
    for (let address = index * 4096; address < index * 4096 + 4096; address += 4) {
      if (a.word(address) === b.word(address)) continue;
      found.push(`0x${address.toString(16)}: 0x${a.word(address).toString(16)} 0x${b.word(address).toString(16)}`);
    }
  }
  return found;
}

/** Runs `action` and returns the code of the error it throws, if it throws one of ours. */
export function codeOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    for (const code of ['FAST_VM_OVERRUN', 'FAST_VM_PRISTINE_MISSING', 'MACHINE_MEMORY_EXHAUSTED']) {
      if (hasCode(error, code)) return code;
    }
    throw error;
  }
}

/** Settings with which nearly everything is translated that is executed twice. */
export const EAGER: Partial<TranslatorSettings> = {
  minimumBudget: 1,
  slice: 5,
  warmUp: 0,
  turn: 60,
  trace: 3,
  hotExits: 2,
  cost: 0,
};

/** The quick machine, one that translates at once, and the reference, side by side. */
export interface Pair {
  readonly vm: FastVM;
  readonly translating: FastVM;
  readonly memory: Memory;
  /** Puts both into `state`. */
  readonly restore: (state: Snapshot) => void;
  /** Advances both and throws unless they come to the same state; returns the code of the error both stopped with. */
  readonly advance: (count: number) => string | undefined;
}

/** Makes all implementations, all-zero. Their hash is that of {@link stateOf}. */
export function createPair(pristine?: PristineRegion): Pair {
  const options = { hasher: blake3, ...(pristine === undefined ? {} : { pristine }) };
  const vm = createFastVM(options);
  const translating = createMachine({ ...options, implementation: 'translator' }, EAGER).vm;
  const memory = new Memory({ hasher: blake3 });
  const restore = (state: Snapshot): void => {
    vm.restore(state);
    translating.restore(state);
    memory.restore(state);
  };
  const advance = (count: number): string | undefined => {
    const code = codeOf(() => {
      vm.advance(count);
    });
    const translated = codeOf(() => {
      translating.advance(count);
    });
    const expected = codeOf(() => {
      for (let i = 0; i < count; i++) referenceStep(memory, pristine);
    });
    if (translated !== expected) throw new Error(`expected error ${String(expected)}, got ${String(translated)}`);
    if (code !== expected) throw new Error(`expected error ${String(expected)}, got ${String(code)}`);
    const differences = difference(memory.snapshot(), vm.snapshot());
    if (differences.length > 0) throw new Error(`reference and quick machine differ at ${differences.join(', ')}`);
    const inTranslation = difference(memory.snapshot(), translating.snapshot());
    if (inTranslation.length > 0) throw new Error(`reference and translation differ at ${inTranslation.join(', ')}`);
    return code;
  };
  return { vm, translating, memory, restore, advance };
}

/** Puts all implementations into `state`. */
export function pairAt(state: Snapshot, pristine?: PristineRegion): Pair {
  const pair = createPair(pristine);
  pair.restore(state);
  return pair;
}
