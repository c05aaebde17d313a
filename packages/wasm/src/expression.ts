import { type ByteWriter } from './byte-writer.ts';
import { WasmError } from './errors.ts';

/** Types of the values a function computes with. */
export type ValueType = 'i32' | 'i64' | 'v128';

/** The binary code of each value type. */
export const VALUE_TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

/** What follows an opcode in the binary format. */
export type Immediate =
  | undefined
  /** A 32-bit constant. */
  | { readonly kind: 'i32'; readonly value: number }
  /** A 64-bit constant. */
  | { readonly kind: 'i64'; readonly value: bigint }
  /** Unsigned indices, one after the other. */
  | { readonly kind: 'indices'; readonly values: readonly number[] }
  /** Raw bytes: a vector constant, shuffle lanes. */
  | { readonly kind: 'bytes'; readonly bytes: ArrayLike<number> }
  /** Alignment exponent and offset of a memory access, its lane where it has one, and which memory it is, the first one unless told. */
  | {
      readonly kind: 'memory';
      readonly align: number;
      readonly offset: number;
      readonly lane?: number;
      readonly memory?: number;
    };

/**
 * A value that the assembled function computes, as a tree that is written when a statement consumes it.
 *
 * Locals and constants may be used any number of times. Every other expression is code that runs where it is
 * consumed, so it may be consumed once; name it with `FunctionBuilder.let` to use its value again.
 */
export class Expression<T extends ValueType | 'none' = ValueType> {
  readonly type: T;
  /** Opcode: `prefix << 16 | code`, prefix 0 for the one-byte opcodes. */
  readonly opcode: number;
  readonly operands: readonly Expression[];
  readonly immediate: Immediate;
  /** Locals and constants, which cost nothing to repeat. */
  readonly reusable: boolean;
  #consumed = false;

  constructor(type: T, opcode: number, operands: readonly Expression[], immediate?: Immediate, reusable = false) {
    this.type = type;
    this.opcode = opcode;
    this.operands = operands;
    this.immediate = immediate;
    this.reusable = reusable;
  }

  /**
   * Writes the operands and then the instruction.
   *
   * @throws {@link WasmError} `WASM_EXPRESSION_REUSED` on the second use of code.
   */
  write(out: ByteWriter): void {
    if (!this.reusable) {
      if (this.#consumed) {
        throw new WasmError('WASM_EXPRESSION_REUSED', 'expression', 'one use (name it with let)', 'a second use');
      }
      this.#consumed = true;
    }
    for (const operand of this.operands) operand.write(out);
    writeInstruction(out, this.opcode, this.immediate);
  }
}

/** A local variable or parameter. Reading it is an expression; writing it is `FunctionBuilder.set`. */
export class Local<T extends ValueType = ValueType> extends Expression<T> {
  readonly index: number;

  constructor(type: T, index: number) {
    super(type, 0x20, [], { kind: 'indices', values: [index] }, true);
    this.index = index;
  }
}

/** Something usable where a value of type `T` is wanted: plain numbers are `i32` constants, bigints `i64` ones. */
export type Operand<T extends ValueType> =
  Expression<T> | (T extends 'i32' ? number : never) | (T extends 'i64' ? bigint : never);

/** An `i32` constant, given signed or unsigned. */
export function constI32(value: number): Expression<'i32'> {
  if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff) {
    throw new WasmError('WASM_IMMEDIATE_RANGE', 'i32 constant', 'an integer in [-2^31, 2^32)', String(value));
  }
  return new Expression('i32', 0x41, [], { kind: 'i32', value: value | 0 }, true);
}

/** An `i64` constant, given signed or unsigned. */
export function constI64(value: bigint): Expression<'i64'> {
  if (value < -(1n << 63n) || value >= 1n << 64n) {
    throw new WasmError('WASM_IMMEDIATE_RANGE', 'i64 constant', 'an integer in [-2^63, 2^64)', String(value));
  }
  return new Expression('i64', 0x42, [], { kind: 'i64', value: BigInt.asIntN(64, value) }, true);
}

/**
 * Turns an operand into an expression of `type`.
 *
 * @throws {@link WasmError} `WASM_TYPE_MISMATCH` where the static types were bypassed.
 */
export function toExpression<T extends ValueType>(type: T, operand: Operand<T>): Expression<T> {
  const expression: Expression =
    typeof operand === 'number' ? constI32(operand) : typeof operand === 'bigint' ? constI64(operand) : operand;
  if (expression.type !== type) throw new WasmError('WASM_TYPE_MISMATCH', 'operand', type, expression.type);
  return expression as Expression<T>;
}

/** Writes an opcode and its immediate. */
export function writeInstruction(out: ByteWriter, opcode: number, immediate: Immediate): void {
  if (opcode > 0xffff) {
    out.byte(opcode >>> 16);
    out.unsigned(opcode & 0xffff);
  } else {
    out.byte(opcode);
  }
  if (immediate === undefined) return;
  switch (immediate.kind) {
    case 'i32':
      out.signed32(immediate.value);
      break;
    case 'i64':
      out.signed64(immediate.value);
      break;
    case 'indices':
      for (const value of immediate.values) out.unsigned(value);
      break;
    case 'bytes':
      out.bytes(immediate.bytes);
      break;
    case 'memory':
      // Bit 6 of the alignment announces the index of a memory.
      out.unsigned(immediate.align | (immediate.memory === undefined ? 0 : 0x40));
      if (immediate.memory !== undefined) out.unsigned(immediate.memory);
      out.unsigned(immediate.offset);
      if (immediate.lane !== undefined) out.byte(immediate.lane);
      break;
  }
}
