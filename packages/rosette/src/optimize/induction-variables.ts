import type { ConsumeBind, Induction, IntermediateProgram, Procedure, Statement, ValueId } from '../ir/ir.ts';
import { UNUSED } from '../ir/ir.ts';
import { Channels, walk, type Root } from './channels.ts';
import { FactRewriter } from './fact-rewriter.ts';

/** Most rounds in which arguments are found not to be integers; where more are needed nothing is claimed. */
const MAXIMUM_ROUNDS = 12;

/** An argument of a procedure that a part of a message is bound to as it is. */
interface MessageArgument {
  readonly procedure: number;
  readonly argument: number;
  readonly root: Root;
  /** Position in the message. */
  readonly position: number;
  readonly bind: ConsumeBind;
}

/** `factor * argument + offset` modulo 2^64, where the argument is one of a procedure. */
interface Linear {
  readonly procedure: number;
  readonly argument: number;
  readonly factor: bigint;
  readonly offset: bigint;
}

function messageArguments(channels: Channels): MessageArgument[] {
  return channels.consumes.flatMap(({ statement, procedure }) => {
    let first = statement.environment.length;
    return statement.binds.flatMap((bind) => {
      const start = first;
      first += bind.variables;
      const root = channels.rootOf(procedure, bind.channel);
      return bind.patterns.flatMap((pattern, position): MessageArgument[] =>
        typeof pattern !== 'number' && pattern.kind === 'free'
          ? [{ procedure: statement.procedure, argument: start + pattern.index, root, position, bind }]
          : [],
      );
    });
  });
}

function takes(bind: ConsumeBind, length: number): boolean {
  return bind.remainder === undefined ? length === bind.patterns.length : length >= bind.patterns.length;
}

/** Finds of which kind the data of each produce are. */
class DataTypes extends FactRewriter {
  readonly #integers: Map<Statement, readonly boolean[]>;

  constructor(
    procedure: Procedure,
    known: ConstructorParameters<typeof FactRewriter>[1],
    integers: Map<Statement, readonly boolean[]>,
  ) {
    super(procedure, known);
    this.#integers = integers;
  }

  protected override statement(statement: Statement, out: Statement[]): void {
    if (statement.op === 'produce')
      this.#integers.set(
        statement,
        statement.data.map((value) => this.facts.typeOf(value) === 'Int'),
      );
    super.statement(statement, out);
  }
}

function withIntegers(program: IntermediateProgram, found: readonly MessageArgument[]): IntermediateProgram {
  const byProcedure = Map.groupBy(found, (one) => one.procedure);
  return {
    procedures: program.procedures.map((procedure, number) => {
      const integers = (byProcedure.get(number) ?? []).map((one) => one.argument);
      return { ...procedure, knowledge: { ...procedure.knowledge, integers } };
    }),
  };
}

/** The arguments that are integers whatever happens: all messages that can reach them are sent by this program, and have integers there. */
function integerArguments(program: IntermediateProgram, channels: Channels): readonly MessageArgument[] {
  let found = messageArguments(channels).filter(({ root }) => channels.isPrivate(root));
  for (let round = 0; round < MAXIMUM_ROUNDS && found.length > 0; round += 1) {
    const integers = new Map<Statement, readonly boolean[]>();
    FactRewriter.run(withIntegers(program, found), (procedure, known) => new DataTypes(procedure, known, integers));
    const kept = found.filter(({ root, position, bind }) =>
      channels
        .producesOn(root)
        .every(({ statement }) => !takes(bind, statement.data.length) || integers.get(statement)?.[position] === true),
    );
    if (kept.length === found.length) return found;
    found = kept;
  }
  return [];
}

class Inductions {
  readonly #channels: Channels;
  readonly #linear = new Map<Root, Linear | undefined>();

  constructor(channels: Channels) {
    this.#channels = channels;
  }

  #constant(procedure: number, value: ValueId): bigint | undefined {
    const definition = this.#channels.definitionOf(procedure, value);
    return definition?.kind === 'constant' && definition.term.kind === 'integer' ? definition.term.value : undefined;
  }

  /** A value as a linear function of an argument of its procedure or one around it. */
  linear(procedure: number, value: ValueId): Linear | undefined {
    const number = this.#channels.numberOf(procedure, value);
    if (!this.#linear.has(number)) this.#linear.set(number, this.#findLinear(procedure, value));
    return this.#linear.get(number);
  }

  #findLinear(procedure: number, value: ValueId): Linear | undefined {
    const definition = this.#channels.definitionOf(procedure, value);
    switch (definition?.kind) {
      case 'argument': {
        const maker = this.#channels.makerOf(procedure);
        const outer = maker?.statement.environment[definition.index];
        if (maker !== undefined && outer !== undefined && outer !== UNUSED) return this.linear(maker.procedure, outer);
        return { procedure, argument: definition.index, factor: 1n, offset: 0n };
      }
      case 'unary': {
        const of = definition.operator === '-' ? this.linear(procedure, definition.operand) : undefined;
        return of && { ...of, factor: wrap(-of.factor), offset: wrap(-of.offset) };
      }
      case 'binary': {
        const { operator, left, right } = definition;
        const [one, other] = [this.#constant(procedure, left), this.#constant(procedure, right)];
        if (one !== undefined && other !== undefined) return undefined;
        const by = one ?? other;
        const of = by === undefined ? undefined : this.linear(procedure, one === undefined ? left : right);
        if (of === undefined || by === undefined) return undefined;
        if (operator === '+') return { ...of, offset: wrap(of.offset + by) };
        if (operator === '*') return { ...of, factor: wrap(of.factor * by), offset: wrap(of.offset * by) };
        if (operator !== '-') return undefined;
        if (one === undefined) return { ...of, offset: wrap(of.offset - by) };
        return { ...of, factor: wrap(-of.factor), offset: wrap(by - of.offset) };
      }
      default:
        return undefined;
    }
  }

  /** Tells whether the actors of `inner` are made by `outer`, or by what that makes. */
  #isWithin(inner: number, outer: number): boolean {
    let place: number | undefined = inner;
    while (place !== undefined && place !== outer) place = this.#channels.makerOf(place)?.procedure;
    return place === outer;
  }

  of(program: IntermediateProgram): readonly (readonly Induction[])[] {
    const found: Induction[][] = program.procedures.map(() => []);
    for (const { procedure, argument, root, position, bind } of messageArguments(this.#channels)) {
      if (this.#channels.makerOf(procedure)?.statement.persistent !== true) continue;
      const sends = this.#channels
        .producesOn(root)
        .filter((one) => takes(bind, one.statement.data.length) && this.#isWithin(one.procedure, procedure));
      const forms = sends.map((one) => this.linear(one.procedure, one.statement.data[position]!));
      const isStep = (form: Linear | undefined): form is Linear =>
        form?.procedure === procedure && form.argument === argument && form.factor === 1n;
      if (forms.length === 0 || !forms.every(isStep)) continue;
      const steps = [...new Set(forms.filter(isStep).map((form) => form.offset))];
      if (steps.every((step) => step === 0n)) continue;
      const derived = this.#derived(program.procedures[procedure]!, procedure, argument);
      found[procedure]!.push({ argument, steps, derived });
    }
    return found;
  }

  #derived({ statements }: Procedure, procedure: number, argument: number): Induction['derived'] {
    const derived: { value: ValueId; factor: bigint; offset: bigint }[] = [];
    walk(statements, (statement) => {
      if (statement.op !== 'define' || statement.expression.kind === 'argument') return;
      const form = this.linear(procedure, statement.value);
      if (form?.procedure !== procedure || form.argument !== argument || form.factor === 0n) return;
      derived.push({ value: statement.value, factor: form.factor, offset: form.offset });
    });
    return derived;
  }
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/**
 * Finds the loops of a program and their induction variables, and changes no statement. A loop is an actor that goes on waiting and, when it is activated, sends to its
 * own channel, itself or through actors that it makes. A part of its message that each of these sends gives as the part that came plus a constant is an induction variable;
 * values that are linear functions of it are derived from it.
 *
 * Also finds the arguments that are integers whatever happens, because the channel is a fresh name that never leaves the program and all that is sent on
 * it is an integer if what came was one.
 */
export function identifyInductionVariables(program: IntermediateProgram): IntermediateProgram {
  const channels = new Channels(program);
  const known = withIntegers(program, integerArguments(program, channels));
  const inductions = new Inductions(channels).of(program);
  return {
    procedures: known.procedures.map((procedure, number) => ({
      ...procedure,
      knowledge: { ...procedure.knowledge, inductions: inductions[number]! },
    })),
  };
}
