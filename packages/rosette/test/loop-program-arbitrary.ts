import { choicesFrom, type Choices } from '@commute/rholang/conformance';
import fc from 'fast-check';

/**
 * Programs with loops, arithmetic and repeated expressions, so that the optimiser has something to do: contracts that send to themselves, private or
 * not, with parts of messages that step by constants, lets, tests inside tests, guards and receives in the middle.
 */
class Writer {
  readonly #choices: Choices;
  #count = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  #of<T>(options: readonly T[]): T {
    return options[this.#choices.pick(options.length)]!;
  }

  #fresh(): string {
    this.#count += 1;
    return `t${String(this.#count)}`;
  }

  integer(variables: readonly string[], fuel: number): string {
    const leaf = [
      '0',
      '1',
      '2',
      '8',
      '-3',
      '7',
      '1024',
      '4611686018427387904',
      '9007199254740991',
      '-9223372036854775808',
    ];
    if (fuel <= 0 || this.#choices.pick(5) === 0) return this.#of([...variables, ...variables, ...leaf]);
    const one = (): string => this.integer(variables, fuel - 1);
    switch (this.#choices.pick(16)) {
      case 14: {
        const [of, by] = [this.#of(variables), this.#of(['3', '5', '-7'])];
        return `(${of} * ${by} - (${of} + ${this.#of(['2', '-1'])}) * ${by} + ${by} * (4 - ${of}))`;
      }
      case 0:
      case 1:
        return `(${one()} + ${one()})`;
      case 2:
        return `(${one()} - ${one()})`;
      case 3:
        return `(${one()} * ${one()})`;
      case 4:
        return `(${this.#of(variables)} * ${this.#of(['2', '8', '3', '-4'])})`;
      case 5:
        return `((${this.#of(variables)} + ${this.#of(['1', '2', '-1'])}) * ${this.#of(['3', '8'])})`;
      case 6:
        return `(${one()} % ${this.#of(['8', '16', '5', '-8', '4611686018427387904'])})`;
      case 7:
        return `(${one()} / ${this.#of(['2', '4', '7', '-2', '9223372036854775807'])})`;
      case 8:
        return `(0 - ${one()}) * -(${one()})`;
      case 9:
        return `(${this.#of(variables)} + 0) * 1`;
      case 10:
        return `[${one()}, ${one()}].nth(${this.#of(['0', '1', '0', '1', '2'])})`;
      case 11:
        return `${this.#of(variables)}.toInt()`;
      case 12:
        return `("a" ++ "bc").length()`;
      default:
        return this.#of(['"text"', '5n', `(${one()} / ${one()})`, one()]);
    }
  }

  condition(variables: readonly string[], fuel: number): string {
    const one = (): string => this.integer(variables, fuel - 1);
    const inner = (): string => this.condition(variables, fuel - 1);
    switch (fuel <= 0 ? 0 : this.#choices.pick(9)) {
      case 0:
      case 1:
        return `${one()} ${this.#of(['<', '<=', '>', '>='])} ${one()}`;
      case 2:
        return `${one()} ${this.#of(['==', '!='])} ${one()}`;
      case 3:
        return `(${inner()}) ${this.#of(['&&', '||', 'and', 'or'])} (${inner()})`;
      case 4:
        return `not (${inner()})`;
      case 5:
        return `${one()} matches ${this.#of(['Int', '_', '7', `=${this.#of(variables)}`, '{Int /\\ ~8}'])}`;
      case 6:
        return this.#of(['true', 'false', 'true && (1 == 1)', `true or (${inner()})`]);
      default:
        return `${this.#of(variables)} > ${this.#of(['0', '1', '5'])}`;
    }
  }

  body(variables: readonly string[], next: (variables: readonly string[]) => string, fuel: number): string {
    if (fuel <= 0) return this.#of([next(variables), `out!(${this.integer(variables, 2)})`]);
    const inner = (more: readonly string[] = []): string => this.body([...variables, ...more], next, fuel - 1);
    const value = (): string => this.integer(variables, 2);
    switch (this.#choices.pick(13)) {
      case 0:
      case 1: {
        const name = this.#fresh();
        return `let @${name} <- ${value()} in { ${inner([name])} }`;
      }
      case 2:
      case 3:
        return `if (${this.condition(variables, 2)}) { ${inner()} } else { ${inner()} }`;
      case 4: {
        const condition = this.condition(variables, 1);
        return `let @c${String(this.#count)} <- ${condition} in { if (c${String(this.#count)}) { if (${condition}) { ${inner()} } else { out!("else") } } }`;
      }
      case 5: {
        const name = this.#fresh();
        return `match ${value()} { 3 => { ${inner()} } ${name} where ${this.condition([...variables, name], 1)} => { ${inner([name])} } _ => { ${inner()} } }`;
      }
      case 6: {
        const name = this.#fresh();
        return `new ${name}c in { ${name}c!(${value()}, ${value()}) | for (@${name}, @_ <- ${name}c) { ${inner([name])} } }`;
      }
      case 7: {
        const name = this.#fresh();
        return `match [${value()}, 5] { [${name}, ${name}b] => { ${inner([name, `${name}b`])} } }`;
      }
      case 8: {
        const name = this.#fresh();
        return `@"left"!(${value()}) | for (@${name} <- @"left" where ${this.condition([...variables, name], 1)}) { ${inner([name])} }`;
      }
      case 9:
        return `${inner()} | ${inner()}`;
      case 10:
        return `out!([${value()}, ${value()}], {${value()}: { @"x"!(${value()}, ${this.#of(variables)} + 1) }}) | ${inner()}`;
      default:
        return next(variables);
    }
  }

  program(fuel: number): string {
    const channel = this.#of(['loop', 'loop', 'loop', '@"loop"']);
    const steps = [
      this.#of(['n - 1', 'n - 1', 'n - 2']),
      this.#of(['a + 3', 'a * 3', 'a', 'a - n', 'EXPR']),
      this.#of(['b', 'b - 1', 'EXPR']),
    ];
    const next = (variables: readonly string[]): string => {
      const data = steps.map((step) => step.replace('EXPR', () => this.integer(variables, 2)));
      return `${channel}!(${data.join(', ')})`;
    };
    const loop = this.body(['n', 'a', 'b'], next, fuel);
    const start = (): string =>
      `${channel}!(${this.#of(['3', '6', '12'])}, ${this.#of(['0', '5', '9007199254740990', '"s"', '7n'])}, ${this.#of(['1', '100', '-1'])})`;
    const leak = this.#of(['', '', '', ` | @"leak"!(*loop)`, ` | for (@f <- @"leak") { @f!(true, 1, 2) }`]);
    return `new out(\`rho:io:stdout\`), loop in { contract ${channel}(@n, @a, @b) = { if (n > 0) { ${loop} } else { out!(a, b) | out!(a) } } | ${start()} | ${start()}${leak} }`;
  }
}

/** Source text of programs with loops. */
export const anyLoopProgram: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 200 }), fc.integer({ min: 1, max: 4 }))
  .map(([stream, fuel]) => new Writer(choicesFrom(stream)).program(fuel));
