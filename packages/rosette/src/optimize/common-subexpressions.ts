import { termKey, type Located } from '@commute/rholang';
import type { Expression, IntermediateProgram, Statement, ValueId } from '../ir/ir.ts';
import { FactRewriter } from './fact-rewriter.ts';
import { ScopedMap } from './scoped-map.ts';

class CommonSubexpressions extends FactRewriter {
  readonly #known = new ScopedMap<string, ValueId>();

  protected override scoped<T>(work: () => T): T {
    return this.#known.scoped(() => super.scoped(work));
  }

  protected override define(
    value: ValueId,
    expression: Expression,
    place: Located | undefined,
    out: Statement[],
  ): void {
    const key = this.#keyOf(expression);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) {
      this.alias(value, known);
      return;
    }
    super.define(value, expression, place, out);
    if (key !== undefined) this.#known.add(key, value);
  }

  /** Equal for expressions that give equal values. */
  #keyOf(expression: Expression): string | undefined {
    switch (expression.kind) {
      case 'constant':
        return `constant ${termKey(expression.term)}`;
      case 'argument':
        return `argument ${String(expression.index)}`;
      case 'fresh':
        return `fresh ${String(expression.index)} ${expression.path}`;
      case 'system':
        return `system ${expression.uri}`;
      case 'unary':
      case 'truth':
        return `${expression.kind} ${expression.operator} ${String(expression.operand)}`;
      case 'logic':
      case 'binary': {
        const { kind, operator } = expression;
        const [left, right] = this.#ordered(expression);
        return `${kind} ${operator} ${String(left)} ${String(right)}`;
      }
      case 'lazy':
        return undefined;
      case 'scale':
        return `scale ${expression.operator} ${String(expression.operand)} ${String(expression.power)}`;
      case 'method':
        return `method ${[expression.target, ...expression.arguments].join(' ')} ${expression.method}`;
      case 'collection':
        return `${expression.shape} ${expression.elements.join(' ')}`;
      case 'quote':
        return `quote ${expression.environment.join(' ')} ${termKey(expression.term)}`;
      case 'close':
        return `close ${String(expression.binders)} ${expression.environment.join(' ')} ${termKey(expression.term)}`;
      case 'matches':
        return `matches ${String(expression.value)} ${String(expression.pattern)}`;
      case 'usable':
        return `usable ${expression.right} ${String(expression.channel)}`;
    }
  }

  /** The operands, in ascending order where their order means nothing. */
  #ordered(expression: Extract<Expression, { kind: 'logic' | 'binary' }>): readonly [ValueId, ValueId] {
    const { kind, operator, left, right } = expression;
    const integers = this.facts.typeOf(left) === 'Int' && this.facts.typeOf(right) === 'Int';
    const commutes =
      kind === 'logic' ||
      operator === '==' ||
      operator === '!=' ||
      (integers && (operator === '+' || operator === '*'));
    return commutes && right < left ? [right, left] : [left, right];
  }
}

/** Computes only once what is computed again from the same values, in a statement that surely ran before. */
export function eliminateCommonSubexpressions(program: IntermediateProgram): IntermediateProgram {
  return FactRewriter.run(program, (procedure, known) => new CommonSubexpressions(procedure, known));
}
