import { call, i32, memory, type FunctionBuilder, type Local, type ModuleBuilder } from '@commute/wasm';

type Word = Local<'i32'>;

const ROUNDS = 64;
const WORDS = 16;
const BLOCK_BYTES = 64;

/** Where the kernel keeps what it needs; the message may begin at `input`. */
export const LAYOUT = { constants: 0, state: 256, tail: 288, output: 416, input: 1024 } as const;

/** The first 64 primes. */
function primes(): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < ROUNDS; n += 1) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits behind the point of the `degree`-th root of `n`: the floor of the root of `n * 2^(32 * degree)`, by bisection. */
function fraction(n: number, degree: number): number {
  const target = BigInt(n) << BigInt(32 * degree);
  let low = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((low + bit) ** BigInt(degree) <= target) low += bit;
  return Number(low & 0xffff_ffffn);
}

/** The xor of right rotations, the last of them a shift where that is asked for. */
function sigma(f: FunctionBuilder, value: Word, [first, second, third]: readonly number[], shift: boolean): Word {
  const last = shift ? i32.shr_u(value, third!) : i32.rotr(value, third!);
  return f.let(i32.xor(i32.xor(i32.rotr(value, first!), i32.rotr(value, second!)), last));
}

/** The four bytes of a word in the other order. */
function swapped(f: FunctionBuilder, value: Word): Word {
  const even = i32.and(i32.rotr(value, 8), 0xff00ff00 | 0);
  return f.let(i32.or(even, i32.and(i32.rotl(value, 8), 0x00ff00ff)));
}

/** 16 rounds of FIPS 180-4, section 6.2.2, step 3, with the constants at `table`. */
function rounds(f: FunctionBuilder, working: readonly Word[], words: readonly Word[], table: Word): void {
  let [a, b, c, d, e, g, h, i] = working as [Word, Word, Word, Word, Word, Word, Word, Word];
  for (let t = 0; t < WORDS; t += 1) {
    const choice = f.let(i32.xor(h, i32.and(e, i32.xor(g, h))));
    const added = f.let(i32.add(i32.add(i, i32.load(table, 4 * t)), words[t]!));
    const one = f.let(i32.add(i32.add(added, choice), sigma(f, e, [6, 11, 25], false)));
    const majority = f.let(i32.xor(i32.and(a, b), i32.and(c, i32.xor(a, b))));
    const two = f.let(i32.add(majority, sigma(f, a, [2, 13, 22], false)));
    [a, b, c, d, e, g, h, i] = [f.let(i32.add(one, two)), a, b, c, f.let(i32.add(d, one)), e, g, h];
  }
  for (const [k, value] of [a, b, c, d, e, g, h, i].entries()) f.set(working[k]!, value);
}

/**
 * Adds `digest` (input, length): SHA-256 of the bytes at `input`, which stay, to the 32 bytes at `LAYOUT.output`. And the parts of it, for messages that do not
 * fit into the memory: `begin`, `absorb` (input, blocks) for at least one whole block of 64 bytes, and `end` (input, rest, low, high): the last `rest` bytes, fewer than
 * 64, of a message with `high * 2^32 + low` bits.
 */
export function sha256Kernel(module: ModuleBuilder): void {
  const constants = primes().map((prime) => fraction(prime, 3));
  const initial = primes()
    .slice(0, 8)
    .map((prime) => fraction(prime, 2));
  module.data(LAYOUT.constants, new Uint8Array(Int32Array.from(constants).buffer));

  const absorb = module.function(
    'absorb',
    ['i32', 'i32'],
    [],
    (f, input, count) => {
      const words = Array.from({ length: WORDS }, () => f.local('i32'));
      const working = Array.from({ length: 8 }, () => f.local('i32'));
      const [table, state] = [f.local('i32'), f.let(i32.const(LAYOUT.state))];
      f.repeat(() => {
        for (let k = 0; k < WORDS; k += 1) f.set(words[k]!, swapped(f, f.let(i32.load(input, 4 * k))));
        for (let k = 0; k < 8; k += 1) f.set(working[k]!, i32.load(state, 4 * k));
        f.set(table, i32.const(LAYOUT.constants));
        rounds(f, working, words, table);
        f.repeat(() => {
          f.set(table, i32.add(table, 4 * WORDS));
          for (let t = 0; t < WORDS; t += 1) {
            const low = sigma(f, words[(t + 1) % WORDS]!, [7, 18, 3], true);
            const high = sigma(f, words[(t + 14) % WORDS]!, [17, 19, 10], true);
            f.set(words[t]!, i32.add(i32.add(words[t]!, low), i32.add(words[(t + 9) % WORDS]!, high)));
          }
          rounds(f, working, words, table);
          return i32.lt_u(table, LAYOUT.constants + 3 * 4 * WORDS);
        });
        for (let k = 0; k < 8; k += 1) f.do(i32.store(state, i32.add(i32.load(state, 4 * k), working[k]!), 4 * k));
        f.set(input, i32.add(input, BLOCK_BYTES));
        f.set(count, i32.sub(count, 1));
        return count;
      });
    },
    { export: true },
  );

  const begin = module.function(
    'begin',
    [],
    [],
    (f) => {
      const state = f.let(i32.const(LAYOUT.state));
      for (const [k, word] of initial.entries()) f.do(i32.store(state, word | 0, 4 * k));
    },
    { export: true },
  );

  const end = module.function(
    'end',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, input, rest, low, high) => {
      const [state, tail] = [f.let(i32.const(LAYOUT.state)), f.let(i32.const(LAYOUT.tail))];
      f.do(memory.fill(tail, 0, 2 * BLOCK_BYTES));
      f.do(memory.copy(tail, input, rest));
      f.do(i32.store8(i32.add(tail, rest), 0x80));
      const more = f.let(i32.add(i32.gt_u(rest, BLOCK_BYTES - 9), 1));
      const last = f.let(i32.add(tail, i32.shl(more, 6)));
      f.do(i32.store(i32.sub(last, 4), swapped(f, low)));
      f.do(i32.store(i32.sub(last, 8), swapped(f, high)));
      f.do(call(absorb, tail, more));
      for (let k = 0; k < 8; k += 1)
        f.do(i32.store(state, swapped(f, f.let(i32.load(state, 4 * k))), LAYOUT.output - LAYOUT.state + 4 * k));
    },
    { export: true },
  );

  module.function(
    'digest',
    ['i32', 'i32'],
    [],
    (f, input, length) => {
      f.do(call(begin));
      const blocks = f.let(i32.shr_u(length, 6));
      f.if(blocks, () => {
        f.do(call(absorb, input, blocks));
      });
      const rest = f.let(i32.and(length, BLOCK_BYTES - 1));
      f.do(call(end, i32.add(input, i32.shl(blocks, 6)), rest, i32.shl(length, 3), i32.shr_u(length, 29)));
    },
    { export: true },
  );
}
