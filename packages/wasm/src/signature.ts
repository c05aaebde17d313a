import { Expression, type Immediate, type Operand, toExpression, type ValueType } from './expression.ts';

/** Letters of a signature: operand types, then `>`, then the result: `vi>v` is (v128, i32) → v128. */
interface Letters {
  i: 'i32';
  l: 'i64';
  v: 'v128';
}
const LETTERS: Readonly<Record<string, ValueType>> = { i: 'i32', l: 'i64', v: 'v128' };

type OperandsOf<S extends string> = S extends `${infer H extends keyof Letters}${infer R}`
  ? [Operand<Letters[H]>, ...OperandsOf<R>]
  : [];

/** The function that builds an instruction with signature `S`. */
export type InstructionOf<S extends string> = S extends `${infer P}>${infer R extends keyof Letters}`
  ? (...operands: OperandsOf<P>) => Expression<Letters[R]>
  : never;

/** Instruction name → [opcode, signature]. */
export type InstructionTable = Readonly<Record<string, readonly [opcode: number, signature: string]>>;

/** The functions that build the instructions of a table. */
export type InstructionsOf<T extends InstructionTable> = { readonly [K in keyof T]: InstructionOf<T[K][1]> };

/** Memory instruction name → [opcode, value type, natural alignment as a power of two]. */
export type AccessTable = Readonly<Record<string, readonly [opcode: number, type: ValueType, align: number]>>;

/** One of the memories of a module. */
export interface MemoryReference {
  readonly index: number;
}

/** The immediate of an access; the first memory is not named, as hosts without others know no other form. */
export function access(align: number, offset: number, memory?: MemoryReference): Immediate {
  return {
    kind: 'memory',
    align,
    offset,
    ...(memory === undefined || memory.index === 0 ? {} : { memory: memory.index }),
  };
}

/** Loads of a table: `load(address, offset?, memory?)`; the effective address is `address + offset`, both unsigned, in the first memory unless told. */
export type LoadsOf<T extends AccessTable> = {
  readonly [K in keyof T]: (address: Operand<'i32'>, offset?: number, memory?: MemoryReference) => Expression<T[K][1]>;
};

/** Stores of a table: `store(address, value, offset?, memory?)`. */
export type StoresOf<T extends AccessTable> = {
  readonly [K in keyof T]: (
    address: Operand<'i32'>,
    value: Operand<T[K][1]>,
    offset?: number,
    memory?: MemoryReference,
  ) => Expression<'none'>;
};

/** Builds the instruction functions of a table. */
export function instructions<const T extends InstructionTable>(table: T): InstructionsOf<T> {
  const result: Record<string, unknown> = {};
  for (const [name, [opcode, signature]] of Object.entries(table)) {
    const [parameters, letter] = signature.split('>') as [string, string];
    const types = Array.from(parameters, (each) => LETTERS[each]!);
    const type = LETTERS[letter]!;
    const [first, second, third] = types as [ValueType, ValueType, ValueType];
    result[name] =
      types.length === 1
        ? (a: Operand<ValueType>) => new Expression(type, opcode, [toExpression(first, a)])
        : types.length === 2
          ? (a: Operand<ValueType>, b: Operand<ValueType>) =>
              new Expression(type, opcode, [toExpression(first, a), toExpression(second, b)])
          : (a: Operand<ValueType>, b: Operand<ValueType>, c: Operand<ValueType>) =>
              new Expression(type, opcode, [toExpression(first, a), toExpression(second, b), toExpression(third, c)]);
  }
  return result as InstructionsOf<T>;
}

/** Builds the load functions of a table. */
export function loads<const T extends AccessTable>(table: T): LoadsOf<T> {
  const result: Record<string, unknown> = {};
  for (const [name, [opcode, type, align]] of Object.entries(table)) {
    result[name] = (address: Operand<'i32'>, offset = 0, memory?: MemoryReference) =>
      new Expression(type, opcode, [toExpression('i32', address)], access(align, offset, memory));
  }
  return result as LoadsOf<T>;
}

/** Builds the store functions of a table. */
export function stores<const T extends AccessTable>(table: T): StoresOf<T> {
  const result: Record<string, unknown> = {};
  for (const [name, [opcode, type, align]] of Object.entries(table)) {
    result[name] = (address: Operand<'i32'>, value: Operand<ValueType>, offset = 0, memory?: MemoryReference) =>
      new Expression(
        'none',
        opcode,
        [toExpression('i32', address), toExpression(type, value)],
        access(align, offset, memory),
      );
  }
  return result as StoresOf<T>;
}

/** What `make` gives, frozen: bundlers can leave out a call of this that nobody uses, unlike an object that others are spread into. */
export function frozen<T extends object>(make: () => T): Readonly<T> {
  return Object.freeze(make());
}
