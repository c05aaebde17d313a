import fc from 'fast-check';
import { choicesFrom, type Choices } from '../src/conformance/closed-program.ts';

/**
 * Programs whose end does not depend on which reduction comes first: on every name there is one message or one receive, or a repeated receive, or
 * equal messages that all stay. All of them end.
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

  #value(numbers: readonly string[]): string {
    const leaf = [...numbers, '1', '2', '30'];
    const one = leaf[this.#choices.pick(leaf.length)]!;
    return this.#choices.pick(3) === 0 ? `${one} + 1` : one;
  }

  process(numbers: readonly string[], fuel: number): string {
    const value = (): string => this.#value(numbers);
    if (fuel <= 0) return this.#choices.pick(2) === 0 ? `out!(${value()})` : `@"${this.#fresh('left')}"!(${value()})`;
    const x = this.#fresh('x');
    const c = this.#fresh('c');
    const inner = (...more: string[]): string => this.process([...numbers, ...more], fuel - 1);
    switch (this.#choices.pick(14)) {
      case 0:
        return `new ${c} in { ${c}!(${value()}) | for (@${x} <- ${c}) { ${inner(x)} } }`;
      case 1:
        return `${inner()} | ${inner()}`;
      case 2: {
        const r = this.#fresh('r');
        const call = (): string => `new ${r} in { ${c}!(${value()}, *${r}) | for (@${x} <- ${r}) { ${inner(x)} } }`;
        return `new ${c} in { contract ${c}(@${x}, ${r}) = { ${r}!(${x} + 1) | ${inner(x)} } | ${call()} | ${call()} }`;
      }
      case 3: {
        const d = this.#fresh('c');
        return `new ${c}, ${d} in { ${c}!(${value()}) | ${d}!(${value()}) | for (@${x} <- ${c} & @${d}x <- ${d}) { ${inner(x, `${d}x`)} } }`;
      }
      case 4:
        return `for (@${x} <- @"${this.#fresh('never')}") { ${inner(x)} }`;
      case 5:
        return `if (${value()} < 3) { ${inner()} } else { ${inner()} }`;
      case 6:
        return `new ${c} in { ${c}!({ ${inner()} }) | for (@${x}p <- ${c}) { ${x}p } }`;
      case 7:
        return `new ${c} in { ${c}!(${value()}) | for (@${x} <<- ${c}) { ${inner(x)} } | for (@${x} <<- ${c}) { ${inner(x)} } }`;
      case 8:
        return `new ${c} in { ${c}!!(${value()}) | for (@${x} <= ${c}) { ${inner(x)} } | for (@${x} <- ${c}) { ${inner(x)} } }`;
      case 9:
        return `match [${value()}, ${value()}] { [1, ${x}] => { ${inner(x)} } [${x}, _] => { ${inner(x)} } }`;
      case 10:
        return `new ${c} in { ${c}!(${value()}) | for (@${x} <- ${c} where ${x} < 3) { ${inner(x)} } }`;
      case 11:
        return `new ${c} in { out!!(${value()}) | ${c}!(*out) | for (${x}o <- ${c}) { ${x}o!(${value()}) | ${inner()} } }`;
      case 12:
        return `new ${c} in { e!(${value()}, *${c}) | for (_ <- ${c}) { ${inner()} } }`;
      default:
        return `new ${c} in { @{for (@z <- @"code") { ${c}!(*${c}, z) }}!(${value()}) | for (@${x} <- @{for (@y <- @"code") { ${c}!(*${c}, y) }}) { ${inner(x)} } }`;
    }
  }
}

/** Source text of confluent programs that end. */
export const anyConfluentProgram: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.nat({ max: 1000 }), { minLength: 10, maxLength: 200 }), fc.integer({ min: 1, max: 5 }))
  .map(([stream, fuel]) => {
    const body = new Writer(choicesFrom(stream)).process([], fuel);
    return `new out(\`rho:io:stdout\`), e(\`rho:io:stderrAck\`) in { ${body} }`;
  });
