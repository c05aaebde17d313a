import fc from 'fast-check';
import { choicesFrom, type Choices } from '../src/conformance/closed-program.ts';

/** Public names: on the first there is a message of each arity that stays, from the second whoever is beside takes everything. */
export const INPUT = '@"in"';
export const OUTPUT = '@"out"';

interface Scope {
  /** Private names, and names that were received. */
  readonly names: readonly string[];
  /** Variables of processes that were received, which may be code. */
  readonly code: readonly string[];
}

/**
 * Programs that handle code: quote processes that cost something, send them and names of system processes on private and public names, alone and in lists, take them
 * again, pass them on and run them. Unlike other random programs, what runs twice, or is run by others, costs tokens here more often than not.
 */
class Writer {
  readonly #choices: Choices;
  #count = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  #fresh(prefix: string): string {
    this.#count += 1;
    return `${prefix}${String(this.#count)}`;
  }

  #of<T>(options: readonly T[]): T {
    return options[this.#choices.pick(options.length)]!;
  }

  /** Something that costs a token whenever it runs. */
  #cost(scope: Scope, fuel: number): string {
    if (this.#choices.pick(3) === 0) return 'stdout!(1)';
    return `for (_ <- ${INPUT}) { ${this.process(scope, fuel - 1)} }`;
  }

  #datum(scope: Scope, fuel: number): string {
    const simple = ['1', '*stdout', ...scope.names.map((name) => `*${name}`), ...scope.code, ...scope.code];
    switch (this.#choices.pick(6)) {
      case 0:
      case 1:
        return this.#of(simple);
      case 2:
        return `[${this.#of(simple)}, 1]`;
      case 3:
        return fuel > 0 ? `[{ ${this.#cost(scope, fuel - 1)} }]` : '[1]';
      default:
        return fuel > 0 ? `{ ${this.#cost(scope, fuel - 1)} }` : this.#of(simple);
    }
  }

  #name(scope: Scope): string {
    return this.#of([...scope.names, ...scope.names, INPUT, OUTPUT]);
  }

  /** A receive of code or of a name, whole or out of a list. */
  #receive(scope: Scope, fuel: number, channel: string): string {
    const [p, x] = [this.#fresh('p'), this.#fresh('x')];
    const arrow = this.#of(['<-', '<-', '<<-', '<=']);
    switch (this.#choices.pick(4)) {
      case 0:
        return `for (${x} ${arrow} ${channel}) { ${this.process({ ...scope, names: [...scope.names, x] }, fuel - 1)} }`;
      case 1:
        return `for (@[${p} ..._] ${arrow} ${channel}) { ${this.process({ ...scope, code: [...scope.code, p] }, fuel - 1)} }`;
      default:
        return `for (@${p} ${arrow} ${channel}) { ${this.process({ ...scope, code: [...scope.code, p] }, fuel - 1)} }`;
    }
  }

  process(scope: Scope, fuel: number): string {
    if (fuel <= 0) return scope.code.length > 0 ? this.#of(scope.code) : 'Nil';
    const inner = (): string => this.process(scope, fuel - 1);
    switch (this.#choices.pick(10)) {
      case 0:
        return `${inner()} | ${inner()}`;
      case 1: {
        const name = this.#fresh('n');
        const own = { ...scope, names: [...scope.names, name] };
        return `new ${name} in { ${name}!(${this.#datum(own, fuel - 1)}) | ${this.#receive(own, fuel, name)} }`;
      }
      case 2:
        return `${this.#name(scope)}${this.#of(['!', '!', '!!'])}(${this.#datum(scope, fuel - 1)})`;
      case 3:
        return this.#receive(scope, fuel, this.#name(scope));
      case 4: {
        const p = this.#fresh('p');
        const body = this.process({ ...scope, code: [...scope.code, p] }, fuel - 1);
        return `match ${this.#datum(scope, fuel - 1)} { [${p} ..._] => { ${body} } ${p} => { ${body} } }`;
      }
      case 5:
        return this.#cost(scope, fuel);
      case 6:
      case 7:
        // Code that was received runs, once or twice.
        return scope.code.length === 0
          ? inner()
          : this.#choices.pick(2) === 0
            ? this.#twice(scope)
            : this.#of(scope.code);
      case 8:
        return `if (${this.#of(['1 < 2', '2 < 1'])}) { ${inner()} } else { ${inner()} }`;
      default: {
        const name = this.#fresh('n');
        const own = { ...scope, names: [...scope.names, name] };
        return `new ${name} in { ${this.process(own, fuel - 1)} | ${this.process(own, fuel - 1)} }`;
      }
    }
  }

  #twice(scope: Scope): string {
    const one = this.#of(scope.code);
    return `${one} | ${one}`;
  }
}

/** Source text of closed programs that handle code. */
export const anyCodeProgram: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.nat({ max: 1000 }), { minLength: 5, maxLength: 60 }), fc.integer({ min: 2, max: 5 }))
  .map(([stream, fuel]) => {
    const body = new Writer(choicesFrom(stream)).process({ names: [], code: [] }, fuel);
    return `new stdout(\`rho:io:stdout\`) in { ${body} }`;
  });
