import type { Located } from '@commute/rholang';
import {
  UNUSED,
  type Case,
  type ConsumeStatement,
  type Expression,
  type IntermediateProgram,
  type MatchStatement,
  type Procedure,
  type Statement,
  type ValueId,
} from '../ir/ir.ts';

/** The values that an expression uses, but for those inside the right side of a lazy operator. */
export function operandsOf(expression: Expression): readonly ValueId[] {
  switch (expression.kind) {
    case 'constant':
    case 'argument':
    case 'fresh':
    case 'system':
      return [];
    case 'unary':
    case 'truth':
    case 'scale':
      return [expression.operand];
    case 'logic':
    case 'binary':
      return [expression.left, expression.right];
    case 'lazy':
      return [expression.left];
    case 'method':
      return [expression.target, ...expression.arguments];
    case 'collection':
      return expression.elements;
    case 'quote':
    case 'close':
      return expression.environment.filter((value) => value !== UNUSED);
    case 'matches':
      return [expression.value, expression.pattern];
    case 'usable':
      return [expression.channel];
  }
}

/** Replaces the values that an expression uses, but for those inside the right side of a lazy operator. */
export function mapOperands(expression: Expression, map: (value: ValueId) => ValueId): Expression {
  switch (expression.kind) {
    case 'constant':
    case 'argument':
    case 'fresh':
    case 'system':
      return expression;
    case 'unary':
    case 'truth':
    case 'scale':
      return { ...expression, operand: map(expression.operand) };
    case 'logic':
    case 'binary':
      return { ...expression, left: map(expression.left), right: map(expression.right) };
    case 'lazy':
      return { ...expression, left: map(expression.left) };
    case 'method':
      return { ...expression, target: map(expression.target), arguments: expression.arguments.map(map) };
    case 'collection':
      return { ...expression, elements: expression.elements.map(map) };
    case 'quote':
    case 'close':
      return { ...expression, environment: expression.environment.map(map) };
    case 'matches':
      return { ...expression, value: map(expression.value), pattern: map(expression.pattern) };
    case 'usable':
      return { ...expression, channel: map(expression.channel) };
  }
}

/** Walks a program in the order in which it runs and builds it anew; passes override what they change. */
export abstract class Rewriter {
  readonly #aliases = new Map<ValueId, ValueId>();
  #values = 0;
  /** Number of the procedure that is being rewritten. */
  protected number = 0;

  /** Rewrites all procedures; one that makes another comes before it. */
  static program(
    program: IntermediateProgram,
    make: (procedure: Procedure, number: number) => Rewriter,
  ): IntermediateProgram {
    return {
      procedures: program.procedures.map((procedure, number) => make(procedure, number).procedure(procedure, number)),
    };
  }

  procedure(procedure: Procedure, number: number): Procedure {
    this.#values = procedure.values;
    this.number = number;
    const statements = this.statements(procedure.statements);
    return { ...procedure, statements, values: this.#values };
  }

  /** A value that is not used yet. */
  protected fresh(): ValueId {
    this.#values += 1;
    return this.#values - 1;
  }

  /** What stands for a value. */
  protected resolve(value: ValueId): ValueId {
    return this.#aliases.get(value) ?? value;
  }

  /** Lets `by`, which is resolved, stand for `value` from here on. */
  protected alias(value: ValueId, by: ValueId): void {
    this.#aliases.set(value, by);
  }

  protected statements(statements: readonly Statement[]): Statement[] {
    const out: Statement[] = [];
    for (const statement of statements) this.statement(statement, out);
    return out;
  }

  /** Runs `work` for statements that only sometimes run: what is learned there is forgotten after it. */
  protected scoped<T>(work: () => T): T {
    return work();
  }

  protected statement(statement: Statement, out: Statement[]): void {
    const map = (value: ValueId): ValueId => (value === UNUSED ? UNUSED : this.resolve(value));
    switch (statement.op) {
      case 'define': {
        const { value, place } = statement;
        let expression = mapOperands(statement.expression, map);
        if (expression.kind === 'lazy') {
          const { right, result } = expression;
          const inner = this.scoped(() => {
            const statements = this.statements(right);
            return { right: statements, result: this.resolve(result) };
          });
          expression = { ...expression, ...inner };
        }
        this.define(value, expression, place, out);
        break;
      }
      case 'produce':
        out.push({ ...statement, channel: map(statement.channel), data: statement.data.map(map) });
        break;
      case 'consume':
        this.consume(
          {
            ...statement,
            binds: statement.binds.map((bind) => ({
              ...bind,
              channel: map(bind.channel),
              patterns: bind.patterns.map((pattern) => (typeof pattern === 'number' ? map(pattern) : pattern)),
            })),
            guard: statement.guard === undefined ? undefined : map(statement.guard),
            environment: statement.environment.map(map),
          },
          out,
        );
        break;
      case 'match': {
        const target = map(statement.target);
        this.match({ ...statement, target }, out);
        break;
      }
      case 'run':
        out.push({ ...statement, process: map(statement.process) });
        break;
    }
  }

  /** Takes a definition whose operands are resolved. */
  protected define(value: ValueId, expression: Expression, place: Located | undefined, out: Statement[]): void {
    out.push({ op: 'define', value, expression, place });
  }

  /** Takes a consume whose operands are resolved. */
  protected consume(statement: ConsumeStatement, out: Statement[]): void {
    out.push(statement);
  }

  /** Takes a match whose target is resolved and whose cases are not rewritten yet. */
  protected match(statement: MatchStatement, out: Statement[]): void {
    out.push({
      ...statement,
      cases: statement.cases.map((one) => this.scoped(() => this.case(statement.target, one))),
    });
  }

  /** Rewrites a case that was taken for `target`. */
  protected case(_target: ValueId, one: Case): Case {
    const environment = one.environment.map((value) => (value === UNUSED ? UNUSED : this.resolve(value)));
    const guard = one.guard && {
      statements: this.statements(one.guard.statements),
      result: this.resolve(one.guard.result),
    };
    return { ...one, environment, guard, body: this.statements(one.body) };
  }
}
