import {
  call,
  i32,
  i64,
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  type Label,
  type Local,
} from '@commute/wasm';
import { REASON_STOP, REGISTERS, type Windows } from './space.ts';

/** Turns an address that is in no window into an offset from the windows' beginning; -1 where it cannot. */
export type Resolve = FunctionReference<readonly ['i64', 'i32', 'i32'], readonly ['i32']>;

/** The locals of a region's function, and what instructions are written with. */
export class Frame {
  readonly f: FunctionBuilder<readonly ['i32']>;
  /** What is left of the budget, the present block's instructions taken off. */
  readonly left: Local<'i32'>;
  readonly user: boolean;
  readonly windows: Windows;
  /** The address to continue at, when the function is left. */
  readonly pc: Local<'i64'>;
  /** Why the function is left. */
  readonly reason: Local<'i32'>;
  /** Scratch. */
  readonly word1: Local<'i32'>;
  readonly word2: Local<'i32'>;
  readonly long1: Local<'i64'>;
  readonly long2: Local<'i64'>;
  readonly long3: Local<'i64'>;
  readonly long4: Local<'i64'>;
  /** Branched to in order to leave the function. */
  exit: Label | undefined;
  readonly #resolve: Resolve;
  readonly #registers: (Local<'i64'> | undefined)[];
  readonly #written: number;
  #instruction = 0n;
  #notExecuted = 0;

  constructor(
    f: FunctionBuilder<readonly ['i32']>,
    left: Local<'i32'>,
    resolve: Resolve,
    user: boolean,
    windows: Windows,
    registers: { readonly read: number; readonly written: number },
  ) {
    this.f = f;
    this.left = left;
    this.user = user;
    this.windows = windows;
    this.#resolve = resolve;
    this.#written = registers.written;
    this.#registers = Array.from({ length: 32 }, (_, number) =>
      (registers.read & (1 << number)) === 0 ? undefined : f.local('i64'),
    );
    this.pc = f.local('i64');
    this.long1 = f.local('i64');
    this.long2 = f.local('i64');
    this.long3 = f.local('i64');
    this.long4 = f.local('i64');
    this.reason = f.local('i32');
    this.word1 = f.local('i32');
    this.word2 = f.local('i32');
  }

  loadRegisters(): void {
    this.#registers.forEach((local, number) => {
      if (local !== undefined) this.f.set(local, i64.load(0, REGISTERS + 8 * number));
    });
  }

  storeRegisters(): void {
    this.#registers.forEach((local, number) => {
      if (local === undefined || (this.#written & (1 << number)) === 0) return;
      this.f.do(i64.store(0, local, REGISTERS + 8 * number));
    });
  }

  /** Begins an instruction; `notExecuted` of its block have not been executed, with this one. */
  begin(pc: number, notExecuted: number): void {
    this.#instruction = BigInt(pc);
    this.#notExecuted = notExecuted;
  }

  /** Leaves the function before the present instruction. */
  stop(): void {
    const { f } = this;
    f.set(this.pc, i64.const(this.#instruction));
    f.set(this.left, i32.add(this.left, this.#notExecuted));
    f.set(this.reason, REASON_STOP);
    f.branch(this.exit!);
  }

  /** A register's value. */
  read(number: number): Expression<'i64'> {
    return number === 0 ? i64.const(0n) : this.#registers[number]!;
  }

  /** Sets a register; values for x0 are not even computed. Numbers from 32 on stand for x0 too. */
  write(number: number, value: Expression<'i64'>): void {
    if (number !== 0 && number < 32) this.f.set(this.#registers[number]!, value);
  }

  /** Whether the branch goes where it says. */
  condition(word: number): Expression<'i32'> {
    const a = this.read((word >>> 17) & 31);
    const b = this.read((word >>> 23) & 31);
    switch (word & 255) {
      case 8:
        return i64.eq(a, b);
      case 9:
        return i64.ne(a, b);
      case 10:
        return i64.lt_s(a, b);
      case 11:
        return i64.ge_s(a, b);
      case 12:
        return i64.lt_u(a, b);
      default:
        return i64.ge_u(a, b);
    }
  }

  /** Calls the function that finds addresses outside of the windows, aligned ones only if they have to be. */
  resolve(address: Local<'i64'>, length: number, isAligned: boolean): Expression<'i32'> {
    return call(this.#resolve, address, length, isAligned ? length - 1 : 0);
  }
}
