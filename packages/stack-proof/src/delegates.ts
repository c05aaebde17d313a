/**
 * Records what instructions leave to other tables than the processor and the stacks.
 *
 * @module
 */
import { add, createExtensionField, inverse, multiply, subtract } from '@commute/field';
import { instructionNamed, TIP5, tip5Permutation } from '@commute/stack-vm';
import { type Row } from './record.ts';
import { type SegmentWriter } from './segment-writer.ts';
import { MOST_ELEMENTS } from './tables/elements.ts';
import { HASH_KINDS } from './tables/hash.ts';
import { ELEMENT_BYTES, MONTGOMERY, montgomeryBytes } from './tables/tip5.ts';
import { BITS, BYTES } from './tables/u32.ts';

const CUBIC = /* @__PURE__ */ createExtensionField();
const MONTGOMERY_INVERSE = /* @__PURE__ */ inverse(MONTGOMERY);

/** An instruction that was executed. */
export interface Executed {
  readonly name: string;
  /** Its argument, where that is a count. */
  readonly count: number;
  readonly time: bigint;
  readonly st: readonly bigint[];
  readonly out: readonly bigint[];
  readonly sponge: readonly bigint[] | undefined;
  readonly spongeAfter: readonly bigint[] | undefined;
  readonly inputPosition: bigint;
  readonly outputPosition: bigint;
  /** The digest that it reads, where it does. */
  readonly sibling: readonly bigint[] | undefined;
}

/** Records what other tables do of an instruction. @returns what the processor's row has besides. */
export function recordDelegate(writer: SegmentWriter, executed: Executed): Row {
  const { name, count, time, st, out } = executed;
  switch (name) {
    case 'read_mem':
      writer.burst(false, add(out[0]!, 1n), out.slice(1, 6), count, time);
      return {};
    case 'write_mem':
      writer.burst(true, st[0]!, st.slice(1, 6), count, time);
      return {};
    case 'b_horner_step':
    case 'x_horner_step':
      return recordHorner(writer, executed);
    case 'read_io':
    case 'write_io':
      recordElements(writer, executed);
      return {};
    case 'lt':
    case 'split':
    case 'div_mod':
      recordWords(writer, name, st[0]!, st[1]!, out[0]!, out[1]!);
      return {};
    case 'and':
    case 'xor':
    case 'pop_count':
    case 'log_2_floor':
      recordBits(writer, executed);
      return {};
    case 'pow':
      recordPower(writer, executed);
      return {};
    default:
      if (instructionNamed(name) !== undefined) recordHash(writer, executed);
      return {};
  }
}

/** The elements that a step of Horner adds, from RAM. */
function recordHorner(writer: SegmentWriter, { name, time, st, out }: Executed): Row {
  const count = name === 'b_horner_step' ? 1 : 3;
  const address = add(out[5]!, 1n);
  const step = CUBIC.multiply(st.slice(7, 10), st.slice(0, 3));
  const coefficient = step.map((each, k) => (k < count ? subtract(out[7 + k]!, each) : 0n));
  writer.burst(false, address, [...coefficient, 0n, 0n], count, time);
  return { coefficient };
}

function recordElements(
  writer: SegmentWriter,
  { name, count, st, out, inputPosition, outputPosition }: Executed,
): void {
  const output = name === 'write_io';
  const values = (output ? st : out).slice(0, MOST_ELEMENTS);
  writer.rows.elements.push({
    output: output ? 1n : 0n,
    some: values.map((_, k) => (k < count ? 1n : 0n)),
    position: output ? outputPosition : inputPosition + BigInt(count) - 1n,
    values,
  });
}

/** Records one of the instructions that the table of words proves. */
function recordWords(
  writer: SegmentWriter,
  name: 'lt' | 'split' | 'div_mod',
  top: bigint,
  second: bigint,
  result: bigint,
  below: bigint,
): void {
  const whole = name !== 'split';
  const halves = name !== 'lt';
  const bytes = (value: bigint): bigint[] => writer.counts.bytes(value, BYTES);
  const rest = { lt: top - second + (result << 32n), split: 0n, div_mod: second - 1n - result }[name];
  writer.rows.words.push({
    [name === 'div_mod' ? 'divMod' : name]: 1n,
    top,
    second,
    result,
    below,
    left: bytes(whole ? top : 0n),
    right: bytes(whole ? second : 0n),
    low: bytes(halves ? result : 0n),
    high: bytes(halves ? below : 0n),
    rest: bytes(rest),
    factor: name === 'split' && below !== 0xffff_ffffn ? multiply(result, inverse(0xffff_ffffn - below)) : 0n,
  });
}

function bitsOf(value: bigint): bigint[] {
  return Array.from({ length: BITS }, (_, k) => (value >> BigInt(k)) & 1n);
}

function recordBits(writer: SegmentWriter, { name, st, out }: Executed): void {
  const [top, second] = [st[0]!, st[1]!];
  const kind = { and: 'and', xor: 'xor', pop_count: 'popCount', log_2_floor: 'log2Floor' }[name]!;
  const upTo = (bit: bigint): bigint => 2n ** (bit + 1n) - 1n;
  const right = name === 'pop_count' ? 0n : name === 'log_2_floor' ? upTo(out[0]!) : second;
  writer.rows.bitwise.push({
    [kind]: 1n,
    left: bitsOf(top),
    right: bitsOf(right),
    second,
    result: out[0]!,
    below: out[1]!,
  });
}

function recordPower(writer: SegmentWriter, { st, out }: Executed): void {
  const bits = bitsOf(st[1]!);
  const powers: bigint[] = [];
  let value = 1n;
  for (const bit of bits.toReversed()) {
    value = multiply(value, value);
    if (bit === 1n) value = multiply(value, st[0]!);
    powers.unshift(value);
  }
  writer.rows.power.push({ active: 1n, base: st[0]!, bits, powers, below: out[1]! });
}

const KIND_OF: Readonly<Record<string, string>> = /* @__PURE__ */ Object.fromEntries(
  Object.entries(HASH_KINDS).map(([kind, name]) => [name, kind]),
);

/** Records an instruction that hashes; others are left alone. */
function recordHash(writer: SegmentWriter, { name, time, st, out, sponge, spongeAfter, sibling }: Executed): void {
  const kind = KIND_OF[name];
  if (kind === undefined) return;
  const zeros = Array.from({ length: TIP5.stateSize }, () => 0n);
  const { digestLength: digest, rate } = TIP5;
  const ones = zeros.slice(rate).map(() => 1n);
  let pointer = 0n;
  let words: bigint[] = zeros.slice(0, digest);
  let isRight = 0n;
  let input: readonly bigint[] = zeros;
  const read = (count: number): bigint[] =>
    Array.from({ length: count }, (_, k) => writer.ram(false, pointer, k, undefined, time));
  switch (kind) {
    case 'hash':
      input = [...st.slice(0, rate), ...ones];
      break;
    case 'absorb':
      input = [...st.slice(0, rate), ...sponge!.slice(rate)];
      break;
    case 'absorbMem': {
      pointer = st[0]!;
      const block = read(rate);
      words = block.slice(0, digest);
      input = [...block, ...sponge!.slice(rate)];
      break;
    }
    case 'squeeze':
      input = sponge!;
      break;
    case 'merkle':
    case 'merkleMem': {
      isRight = st[5]! & 1n;
      if (kind === 'merkleMem') pointer = st[7]!;
      words = kind === 'merkleMem' ? read(digest) : [...sibling!];
      const node = st.slice(0, digest);
      input = [...(isRight === 0n ? [...node, ...words] : [...words, ...node]), ...ones];
      recordWords(writer, 'div_mod', st[5]!, 2n, isRight, out[5]!);
    }
  }
  const permutes = kind !== 'init';
  const output = permutes ? tip5Permutation(input) : zeros;
  const id = permutes ? recordPermutation(writer, input) : 0n;
  const touches = spongeAfter !== undefined && kind !== 'hash' && !kind.startsWith('merkle');
  const spongeGap = touches ? writer.gap(time - writer.spongeTime - 1n) : [0n, 0n, 0n];
  if (touches) writer.spongeTime = time;
  writer.rows.hash.push({
    [kind]: 1n,
    time,
    top: st.slice(0, rate),
    result: out.slice(0, rate),
    id,
    input,
    output,
    sponge: touches ? (sponge ?? zeros) : zeros,
    spongeReady: touches && sponge !== undefined ? 1n : 0n,
    spongeGap,
    pointer,
    words,
    isRight,
  });
}

/** Records the rounds of a permutation. @returns its number. */
function recordPermutation(writer: SegmentWriter, input: readonly bigint[]): bigint {
  const { rounds, lookupElements, lookupTable, matrixColumn, roundConstants, stateSize } = TIP5;
  const rows = writer.rows.tip5;
  const id = BigInt(rows.length / (rounds + 1));
  let state = input;
  for (let round = 0; round <= rounds; round++) {
    const cubes = state.slice(lookupElements).map((each) => multiply(multiply(each, each), each));
    const common = { round: Array.from({ length: rounds + 1 }, (_, k) => (k === round ? 1n : 0n)), id, state, cubes };
    if (round === rounds) {
      rows.push(common);
      break;
    }
    const bytes = state.slice(0, lookupElements).flatMap(montgomeryBytes);
    const mapped = bytes.map((byte) => {
      writer.counts.replaced[Number(byte)]! += 1n;
      return BigInt(lookupTable[Number(byte)]!);
    });
    const join = (digits: readonly bigint[]): bigint => digits.reduceRight((sum, digit) => (sum << 8n) | digit, 0n);
    const parts = (list: readonly bigint[], k: number): bigint[] =>
      list.slice(k * ELEMENT_BYTES, (k + 1) * ELEMENT_BYTES);
    const factor = Array.from({ length: lookupElements }, (_, k) => {
      const own = parts(bytes, k);
      const room = 0xffff_ffffn - join(own.slice(4));
      return room === 0n ? 0n : multiply(join(own.slice(0, 4)), inverse(room));
    });
    rows.push({ ...common, bytes, mapped, factor });
    const mixed = [
      ...factor.map((_, k) => multiply(join(parts(mapped, k)), MONTGOMERY_INVERSE)),
      ...cubes.map((cube, k) => multiply(multiply(cube, cube), state[lookupElements + k]!)),
    ];
    state = Array.from({ length: stateSize }, (_, row) =>
      mixed.reduce(
        (sum, each, at) => add(sum, multiply(each, BigInt(matrixColumn[(row - at + stateSize) % stateSize]!))),
        roundConstants[stateSize * round + row]!,
      ),
    );
  }
  return id;
}
