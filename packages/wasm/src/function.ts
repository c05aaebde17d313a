import { ByteWriter } from './byte-writer.ts';
import { WasmError } from './errors.ts';
import { Expression, Local, type Operand, toExpression, VALUE_TYPE_CODES, type ValueType } from './expression.ts';

/** Operands for a list of types. */
export type OperandsFor<P extends readonly ValueType[]> = { [K in keyof P]: Operand<P[K]> };

/** Locals for a list of types. */
export type LocalsFor<P extends readonly ValueType[]> = { [K in keyof P]: Local<P[K]> };

/** A function that can be called: imported, declared or defined. */
export interface FunctionReference<
  P extends readonly ValueType[] = readonly ValueType[],
  R extends readonly ValueType[] = readonly ValueType[],
> {
  readonly name: string;
  readonly index: number;
  readonly parameters: P;
  readonly results: R;
}

/** The type of the expression that a call is. */
export type CallResult<R extends readonly ValueType[]> = R extends readonly []
  ? 'none'
  : R extends readonly [infer T extends ValueType]
    ? T
    : never;

/** A mutable or constant global of a module. */
export class GlobalReference<T extends ValueType = ValueType> extends Expression<T> {
  readonly index: number;

  constructor(type: T, index: number) {
    super(type, 0x23, [], { kind: 'indices', values: [index] }, true);
    this.index = index;
  }
}

/** A table of functions, for indirect calls. */
export interface TableReference {
  readonly index: number;
}

/**
 * A call of `callee` with `operands`; an expression of its one result, or a statement where it has none.
 *
 * Functions with several results are called by `FunctionBuilder.callInto`.
 */
export function call<P extends readonly ValueType[], R extends readonly ValueType[]>(
  callee: FunctionReference<P, R>,
  ...operands: OperandsFor<P>
): Expression<CallResult<R>> {
  if (callee.results.length > 1) {
    throw new WasmError('WASM_TYPE_MISMATCH', `${callee.name} results`, 'at most one', String(callee.results.length));
  }
  return new Expression(
    (callee.results[0] ?? 'none') as CallResult<R>,
    0x10,
    callOperands(callee.name, callee.parameters, operands),
    { kind: 'indices', values: [callee.index] },
  );
}

function callOperands(
  name: string,
  parameters: readonly ValueType[],
  operands: readonly Operand<ValueType>[],
): Expression[] {
  if (operands.length !== parameters.length) {
    throw new WasmError('WASM_TYPE_MISMATCH', `${name} operands`, String(parameters.length), String(operands.length));
  }
  return operands.map((operand, index) => toExpression(parameters[index]!, operand));
}

/** A branch target: the end of a block or `if`, or the start of a loop. */
export interface Label {
  readonly depth: number;
}

/** What a function builder needs of its module. */
export interface FunctionContext {
  /** Index of a function type, added when it is new. */
  readonly typeIndex: (parameters: readonly ValueType[], results: readonly ValueType[]) => number;
}

/**
 * Writes the body of one function, statement by statement.
 *
 * Expressions are trees; a statement (`set`, `do`, `return`, …) writes the trees it is given, operands from left
 * to right, at the point where it is called.
 */
export class FunctionBuilder<R extends readonly ValueType[] = readonly ValueType[]> {
  readonly #code = new ByteWriter(4096);
  readonly #parameterCount: number;
  readonly #localTypes: ValueType[] = [];
  readonly #results: R;
  readonly #context: FunctionContext;
  readonly #open: Label[] = [];

  constructor(context: FunctionContext, parameterCount: number, results: R) {
    this.#context = context;
    this.#parameterCount = parameterCount;
    this.#results = results;
  }

  /** A new local, zero when the function starts. */
  local<T extends ValueType>(type: T): Local<T> {
    this.#localTypes.push(type);
    return new Local(type, this.#parameterCount + this.#localTypes.length - 1);
  }

  /** Evaluates `value` here and names it: a new local that holds it. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  /** Assigns a local. */
  set<T extends ValueType>(local: Local<T>, value: Operand<T>): void {
    toExpression(local.type, value).write(this.#code);
    this.#code.byte(0x21);
    this.#code.unsigned(local.index);
  }

  /** Assigns a mutable global. */
  setGlobal<T extends ValueType>(global: GlobalReference<T>, value: Operand<T>): void {
    toExpression(global.type, value).write(this.#code);
    this.#code.byte(0x24);
    this.#code.unsigned(global.index);
  }

  /** Runs a store, a call without result, or another statement-like expression. */
  do(statement: Expression<'none'>): void {
    statement.write(this.#code);
  }

  /** Evaluates `value` and forgets it. */
  drop(value: Expression): void {
    value.write(this.#code);
    this.#code.byte(0x1a);
  }

  /** Calls `callee` and assigns its results, in order, to `targets`. */
  callInto<P extends readonly ValueType[], Q extends readonly ValueType[]>(
    targets: LocalsFor<Q>,
    callee: FunctionReference<P, Q>,
    ...operands: OperandsFor<P>
  ): void {
    const values = callOperands(callee.name, callee.parameters, operands);
    for (const value of values) value.write(this.#code);
    this.#code.byte(0x10);
    this.#code.unsigned(callee.index);
    for (const target of [...(targets as readonly Local[])].reverse()) {
      this.#code.byte(0x21);
      this.#code.unsigned(target.index);
    }
  }

  /** Calls the function at `index` of `table`, which must have the given type; traps otherwise. */
  callIndirect<P extends readonly ValueType[], Q extends readonly ValueType[]>(
    table: TableReference,
    type: { readonly parameters: P; readonly results: Q },
    index: Operand<'i32'>,
    ...operands: OperandsFor<P>
  ): Expression<CallResult<Q>> {
    const values = callOperands('indirect call', type.parameters, operands);
    return new Expression((type.results[0] ?? 'none') as CallResult<Q>, 0x11, [...values, toExpression('i32', index)], {
      kind: 'indices',
      values: [this.#context.typeIndex(type.parameters, type.results), table.index],
    });
  }

  /** Leaves the function by calling the function at `index` of `table` in its place (a tail call). */
  returnCallIndirect<P extends readonly ValueType[]>(
    table: TableReference,
    type: { readonly parameters: P; readonly results: R },
    index: Operand<'i32'>,
    ...operands: OperandsFor<P>
  ): void {
    const values = callOperands('indirect call', type.parameters, operands);
    for (const value of values) value.write(this.#code);
    toExpression('i32', index).write(this.#code);
    this.#code.byte(0x13);
    this.#code.unsigned(this.#context.typeIndex(type.parameters, type.results));
    this.#code.unsigned(table.index);
  }

  /** Leaves the function by calling `callee` in its place (a tail call). */
  returnCall<P extends readonly ValueType[]>(callee: FunctionReference<P, R>, ...operands: OperandsFor<P>): void {
    const values = callOperands(callee.name, callee.parameters, operands);
    for (const value of values) value.write(this.#code);
    this.#code.byte(0x12);
    this.#code.unsigned(callee.index);
  }

  /**
   * Begins a block, a loop, or what runs where `condition` is not zero, up to {@link FunctionBuilder.end}: for code nested deeper than
   * functions may call each other, otherwise use {@link FunctionBuilder.block}, {@link FunctionBuilder.loop} and {@link FunctionBuilder.if}.
   */
  begin(kind: 'block' | 'loop'): Label;
  begin(kind: 'if', condition: Operand<'i32'>): Label;
  begin(kind: 'block' | 'loop' | 'if', condition: Operand<'i32'> = 0): Label {
    if (kind !== 'if') return this.#enter(kind === 'block' ? 0x02 : 0x03);
    toExpression('i32', condition).write(this.#code);
    return this.#enter(0x04);
  }

  /**
   * Ends what {@link FunctionBuilder.begin} began last.
   *
   * @throws {@link WasmError} `WASM_LABEL_CLOSED` if that is not `label`.
   */
  end(label: Label): void {
    if (this.#open.at(-1) !== label) {
      throw new WasmError('WASM_LABEL_CLOSED', 'label', 'the innermost open block', 'another');
    }
    this.#leave();
  }

  #enter(opcode: number): Label {
    this.#code.byte(opcode);
    this.#code.byte(0x40);
    const label = { depth: this.#open.length };
    this.#open.push(label);
    return label;
  }

  #leave(): void {
    this.#code.byte(0x0b);
    this.#open.pop();
  }

  #branchDepth(label: Label): number {
    if (this.#open[label.depth] !== label) {
      throw new WasmError('WASM_LABEL_CLOSED', 'label', 'an open block', 'one that has ended');
    }
    return this.#open.length - 1 - label.depth;
  }

  /** A block; a branch to its label continues after it. */
  block(body: (label: Label) => void): void {
    body(this.#enter(0x02));
    this.#leave();
  }

  /** A loop; a branch to its label runs it again, reaching its end leaves it. */
  loop(body: (label: Label) => void): void {
    body(this.#enter(0x03));
    this.#leave();
  }

  /** Runs `then` where `condition` is not zero, else `otherwise`; a branch to the label continues after both. */
  if(condition: Operand<'i32'>, then: (label: Label) => void, otherwise?: (label: Label) => void): void {
    toExpression('i32', condition).write(this.#code);
    const label = this.#enter(0x04);
    then(label);
    if (otherwise !== undefined) {
      this.#code.byte(0x05);
      otherwise(label);
    }
    this.#leave();
  }

  /** Branches to `label`. */
  branch(label: Label): void {
    this.#code.byte(0x0c);
    this.#code.unsigned(this.#branchDepth(label));
  }

  /** Branches to `label` where `condition` is not zero. */
  branchIf(label: Label, condition: Operand<'i32'>): void {
    toExpression('i32', condition).write(this.#code);
    this.#code.byte(0x0d);
    this.#code.unsigned(this.#branchDepth(label));
  }

  /** Branches to `labels[index]`, or to `otherwise` where `index` (unsigned) is beyond them. */
  branchTable(index: Operand<'i32'>, labels: readonly Label[], otherwise: Label): void {
    toExpression('i32', index).write(this.#code);
    this.#code.byte(0x0e);
    this.#code.unsigned(labels.length);
    for (const label of labels) this.#code.unsigned(this.#branchDepth(label));
    this.#code.unsigned(this.#branchDepth(otherwise));
  }

  /**
   * Runs `body` while `condition` is not zero, tested before each run.
   *
   * @param condition - called once; builds the test.
   */
  while(condition: () => Operand<'i32'>, body: () => void): void {
    this.if(condition(), () => {
      this.loop((again) => {
        body();
        this.branchIf(again, condition());
      });
    });
  }

  /**
   * Runs `body` at least once, again while the condition it returns is not zero.
   */
  repeat(body: () => Operand<'i32'>): void {
    this.loop((again) => {
      this.branchIf(again, body());
    });
  }

  /** Leaves the function with its results. */
  return(...values: OperandsFor<R>): void {
    this.#writeResults(values);
    this.#code.byte(0x0f);
  }

  /** Traps when reached. */
  unreachable(): void {
    this.#code.byte(0x00);
  }

  #writeResults(values: readonly Operand<ValueType>[]): void {
    const results = callOperands('results', this.#results, values);
    for (const value of results) value.write(this.#code);
  }

  /**
   * Ends the function with its results and gives its code: locals and body.
   *
   * @param results - values on the fall-through path, or `undefined` where every path has returned before.
   */
  finish(results: readonly Operand<ValueType>[] | undefined): Uint8Array<ArrayBuffer> {
    if (results === undefined) {
      if (this.#results.length > 0) this.#code.byte(0x00);
    } else {
      this.#writeResults(results);
    }
    this.#code.byte(0x0b);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#localTypes) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    const out = new ByteWriter(this.#code.length + 8 + runs.length * 6);
    out.unsigned(runs.length);
    for (const run of runs) {
      out.unsigned(run.count);
      out.byte(VALUE_TYPE_CODES[run.type]);
    }
    out.bytes(this.#code.view());
    return out.view();
  }
}
