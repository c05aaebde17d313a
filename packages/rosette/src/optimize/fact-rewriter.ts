import type { Located, Term } from '@commute/rholang';
import {
  UNUSED,
  type Case,
  type ConsumeStatement,
  type Expression,
  type IntermediateProgram,
  type Procedure,
  type Statement,
  type ValueId,
} from '../ir/ir.ts';
import { Facts, type ValueType } from './facts.ts';
import { Rewriter } from './rewriter.ts';

/** What is known of the arguments of procedures, from the one place where their actors are made. */
export class ArgumentFacts {
  readonly #known = new Map<number, readonly (ArgumentFact | undefined)[]>();

  /** Takes in where the actors of a procedure are made. */
  add({ procedure, environment }: ConsumeStatement, facts: Facts): void {
    const known = environment.map((value) =>
      value === UNUSED ? undefined : { type: facts.typeOf(value), constant: facts.constantOf(value) },
    );
    this.#known.set(procedure, known);
  }

  /** What is known of argument `index` of a procedure. */
  of(procedure: number, index: number): ArgumentFact | undefined {
    return this.#known.get(procedure)?.[index];
  }
}

interface ArgumentFact {
  readonly type: ValueType | undefined;
  readonly constant: Term | undefined;
}

/** A pass that knows what is known of values where it rewrites. */
export abstract class FactRewriter extends Rewriter {
  protected readonly facts: Facts = new Facts();
  readonly #arguments: ArgumentFacts;
  readonly #integers: ReadonlySet<number>;

  constructor(procedure: Procedure, known: ArgumentFacts) {
    super();
    this.#arguments = known;
    this.#integers = new Set(procedure.knowledge.integers);
  }

  /** Runs a pass over a program. */
  static run(
    program: IntermediateProgram,
    make: (procedure: Procedure, known: ArgumentFacts) => FactRewriter,
  ): IntermediateProgram {
    const known = new ArgumentFacts();
    return Rewriter.program(program, (procedure) => make(procedure, known));
  }

  protected override scoped<T>(work: () => T): T {
    const mark = this.facts.mark();
    const result = work();
    this.facts.restore(mark);
    return result;
  }

  protected override define(
    value: ValueId,
    expression: Expression,
    place: Located | undefined,
    out: Statement[],
  ): void {
    super.define(value, expression, place, out);
    this.facts.define(value, expression);
    if (expression.kind !== 'argument') return;
    const known = this.#arguments.of(this.number, expression.index);
    if (known?.constant !== undefined) this.facts.learnConstant(value, known.constant);
    else this.facts.learnType(value, known?.type);
    if (this.#integers.has(expression.index)) this.facts.learnType(value, 'Int');
  }

  protected override consume(statement: ConsumeStatement, out: Statement[]): void {
    super.consume(statement, out);
    this.#arguments.add(statement, this.facts);
  }

  protected override case(target: ValueId, one: Case): Case {
    const { pattern } = one;
    switch (pattern.kind) {
      case 'boolean':
      case 'integer':
      case 'nil':
        this.facts.learnConstant(target, pattern);
        break;
      case 'type':
        if (pattern.type === 'Int' || pattern.type === 'BigInt' || pattern.type === 'String' || pattern.type === 'Bool')
          this.facts.learnType(target, pattern.type);
        break;
      case 'free':
        this.facts.learnType(one.bindings[0]!, this.facts.typeOf(target));
        break;
      default:
    }
    return super.case(target, one);
  }
}
