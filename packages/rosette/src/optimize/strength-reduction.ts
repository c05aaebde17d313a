import { integerTerm, type Located } from '@commute/rholang';
import type { Expression, IntermediateProgram, Procedure, Statement, ValueId } from '../ir/ir.ts';
import { FactRewriter } from './fact-rewriter.ts';
import { ScopedMap } from './scoped-map.ts';

interface Form {
  readonly argument: number;
  readonly factor: bigint;
  readonly offset: bigint;
}

class StrengthReduction extends FactRewriter {
  /** Linear functions of induction variables, by the value that they are. */
  readonly #forms = new Map<ValueId, Form>();
  /** Values that were computed already, by variable and factor. */
  readonly #computed = new ScopedMap<string, { readonly value: ValueId; readonly offset: bigint }>();

  constructor(procedure: Procedure, known: ConstructorParameters<typeof FactRewriter>[1]) {
    super(procedure, known);
    for (const { argument, derived } of procedure.knowledge.inductions)
      for (const { value, factor, offset } of derived) this.#forms.set(value, { argument, factor, offset });
  }

  protected override scoped<T>(work: () => T): T {
    return this.#computed.scoped(() => super.scoped(work));
  }

  protected override define(
    value: ValueId,
    expression: Expression,
    place: Located | undefined,
    out: Statement[],
  ): void {
    if (expression.kind === 'binary') {
      const known = this.#fromComputed(value, expression);
      if (known !== undefined) {
        const constant = this.fresh();
        const step: Expression = { kind: 'constant', term: integerTerm(known.difference) };
        super.define(constant, step, place, out);
        super.define(value, { kind: 'binary', operator: '+', left: known.value, right: constant }, place, out);
        return;
      }
      super.define(value, this.#scaled(expression) ?? expression, place, out);
    } else super.define(value, expression, place, out);
    this.#remember(value);
  }

  /** Remembers a value that is a multiple of an induction variable, and surely an integer. */
  #remember(value: ValueId): void {
    const form = this.#forms.get(value);
    if (form === undefined || form.factor === 1n || this.facts.typeOf(value) !== 'Int') return;
    const key = `${String(form.argument)} ${String(form.factor)}`;
    if (this.#computed.get(key) === undefined) this.#computed.add(key, { value, offset: form.offset });
  }

  /** A value that a multiplication differs from by a constant. */
  #fromComputed(
    value: ValueId,
    { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  ): { readonly value: ValueId; readonly difference: bigint } | undefined {
    const form = this.#forms.get(value);
    if (form === undefined || operator !== '*') return undefined;
    if (this.facts.typeOf(left) !== 'Int' || this.facts.typeOf(right) !== 'Int') return undefined;
    const known = this.#computed.get(`${String(form.argument)} ${String(form.factor)}`);
    return known && { value: known.value, difference: BigInt.asIntN(64, form.offset - known.offset) };
  }

  /** An operation with a power of two. */
  #scaled({ operator, left, right }: Extract<Expression, { kind: 'binary' }>): Expression | undefined {
    if (operator !== '*' && operator !== '/' && operator !== '%') return undefined;
    const power = powerOf(this.facts.integerOf(right));
    if (power > 0) return { kind: 'scale', operator, operand: left, power };
    const leading = operator === '*' && this.facts.typeOf(right) === 'Int' ? powerOf(this.facts.integerOf(left)) : -1;
    return leading > 0 ? { kind: 'scale', operator, operand: right, power: leading } : undefined;
  }
}

/** The exponent of a power of two in `[2, 2^52]`, else -1. */
function powerOf(value: bigint | undefined): number {
  if (value === undefined || value < 2n || value > 1n << 52n || (value & (value - 1n)) !== 0n) return -1;
  return value.toString(2).length - 1;
}

/**
 * Replaces multiplications, divisions and remainders by something cheaper: those by powers of two by shifts and masks, and of several multiples of an induction
 * variable by the same factor all but the first by an addition. Needs {@link identifyInductionVariables} for the latter.
 */
export function reduceStrength(program: IntermediateProgram): IntermediateProgram {
  return FactRewriter.run(program, (procedure, known) => new StrengthReduction(procedure, known));
}
