import fc from 'fast-check';

/**
 * Source text of closed, well-formed programs: variables are used where they are bound and as what they are bound.
 *
 * A program is generated from a stream of choices, so that the scope can steer the next choice.
 */
export interface Choices {
  /** An integer in `[0, count)`. */
  pick(count: number): number;
}

interface Scope {
  readonly names: readonly string[];
  readonly processes: readonly string[];
}

class Writer {
  #counter = 0;
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  #fresh(): string {
    this.#counter += 1;
    return `v${String(this.#counter)}`;
  }

  #of<T>(options: readonly T[]): T {
    return options[this.#choices.pick(options.length)]!;
  }

  value(scope: Scope, fuel: number): string {
    const leaf = [
      ...scope.processes,
      ...scope.names.map((name) => `*${name}`),
      '1',
      '-7',
      '12n',
      'true',
      '"s"',
      '`rho:u`',
      'Nil',
      '9223372036854775807',
    ];
    if (fuel <= 0) return this.#of(leaf);
    const inner = (): string => this.value(scope, fuel - 1);
    switch (this.#choices.pick(12)) {
      case 0:
        return `[${inner()}, ${inner()}]`;
      case 1:
        return `(${inner()}, ${inner()})`;
      case 2:
        return `Set(${inner()}, ${inner()}, ${inner()})`;
      case 3:
        return `{${inner()}: ${inner()}, ${inner()}: ${inner()}}`;
      case 4:
        return `(${inner()} + ${inner()})`;
      case 5:
        return `[${inner()}].nth(${inner()})`;
      case 6:
        return `(${inner()} == ${inner()})`;
      case 7:
        return `{${this.process(scope, fuel - 1)}}`;
      case 8:
        return `({${inner()}} matches {${this.pattern(fuel - 1, scope, undefined)}})`;
      default:
        return this.#of(leaf);
    }
  }

  name(scope: Scope, fuel: number): string {
    if (scope.names.length > 0 && this.#choices.pick(3) > 0) return this.#of(scope.names);
    return this.#of(['@"a"', '@"b"', `@{${this.value(scope, fuel - 1)}}`]);
  }

  /** A pattern that binds process variables into `bound`, or nothing where that is not allowed. */
  pattern(fuel: number, scope: Scope, bound: string[] | undefined): string {
    const leaf = (): string => {
      switch (this.#choices.pick(5)) {
        case 0:
          return '_';
        case 1:
          return this.#of(['Int', 'String', 'Bool', 'ByteArray', 'Uri', 'BigInt']);
        case 2:
          return scope.names.length > 0 ? `=*${this.#of(scope.names)}` : '1';
        case 3:
          return this.#of(['1', '"s"', 'true', 'Nil']);
        default: {
          if (bound === undefined) return '_';
          const name = this.#fresh();
          bound.push(name);
          return name;
        }
      }
    };
    if (fuel <= 0) return leaf();
    const inner = (): string => this.pattern(fuel - 1, scope, bound);
    switch (this.#choices.pick(11)) {
      case 0:
        return `[${inner()}, ${inner()} ..._]`;
      case 1:
        return `(${inner()}, ${inner()})`;
      case 2:
        return `Set(${inner()}, ${inner()})`;
      case 3:
        return `{"k": ${inner()} ..._}`;
      case 4:
        return `{${inner()} /\\ ${inner()}}`;
      case 5:
        return `{${this.pattern(fuel - 1, scope, undefined)} \\/ ${this.pattern(fuel - 1, scope, undefined)}}`;
      case 6:
        return `~{${this.pattern(fuel - 1, scope, undefined)}}`;
      case 7:
        return `{@"a"!(${inner()}) | ${inner()}}`;
      default:
        return leaf();
    }
  }

  #bind(scope: Scope, fuel: number, channel: string): { text: string; scope: Scope } {
    const bound: string[] = [];
    const names: string[] = [];
    const parts: string[] = [];
    for (let count = this.#choices.pick(3); count >= 0; count -= 1) {
      if (this.#choices.pick(3) === 0) {
        const name = this.#fresh();
        names.push(name);
        parts.push(name);
      } else parts.push(`@{${this.pattern(fuel - 1, scope, bound)}}`);
    }
    return {
      text: `${parts.join(', ')} ARROW ${channel}`,
      scope: { names: [...scope.names, ...names], processes: [...scope.processes, ...bound] },
    };
  }

  process(scope: Scope, fuel: number): string {
    if (fuel <= 0) return this.#of(['Nil', `${this.name(scope, 0)}!(${this.value(scope, 0)})`]);
    const inner = (next: Scope = scope): string => this.process(next, fuel - 1);
    switch (this.#choices.pick(15)) {
      case 0:
      case 1:
        return `${inner()} | ${inner()}`;
      case 2:
      case 3:
        return `${this.name(scope, fuel - 1)}${this.#of(['!', '!!'])}(${this.value(scope, fuel - 1)}, ${this.value(scope, 0)})`;
      case 4:
      case 5: {
        const bind = this.#bind(scope, fuel, this.name(scope, fuel - 1));
        return `for (${bind.text.replace('ARROW', this.#of(['<-', '<=', '<<-']))}) { ${inner(bind.scope)} }`;
      }
      case 6: {
        const first = this.#bind(scope, fuel, '@"a"');
        const second = this.#bind(scope, fuel, '@"b"');
        const names = [...first.scope.names, ...second.scope.names.slice(scope.names.length)];
        const processes = [...first.scope.processes, ...second.scope.processes.slice(scope.processes.length)];
        const joined = { names, processes };
        const guard = this.#choices.pick(2) === 0 ? '' : ` where ${this.value(joined, 1)}`;
        return `for (${first.text.replace('ARROW', '<-')} & ${second.text.replace('ARROW', '<-')}${guard}) { ${inner(joined)} }`;
      }
      case 7: {
        const name = this.#fresh();
        return `new ${name}, ${name}u(\`rho:io:stdout\`) in { ${inner({ ...scope, names: [...scope.names, name, `${name}u`] })} }`;
      }
      case 8: {
        const bound: string[] = [];
        const pattern = this.pattern(fuel - 1, scope, bound);
        const body = inner({ ...scope, processes: [...scope.processes, ...bound] });
        return `match ${this.value(scope, 1)} { {${pattern}} => { ${body} } _ => { ${inner()} } }`;
      }
      case 9:
        return `if (${this.value(scope, 1)}) { ${inner()} } else { ${inner()} }`;
      case 10: {
        const name = this.#fresh();
        return `let @${name} <- ${this.value(scope, 1)} in { ${inner({ ...scope, processes: [...scope.processes, name] })} }`;
      }
      case 11: {
        const name = this.#fresh();
        const body = inner({ names: [...scope.names, name], processes: scope.processes });
        return `contract ${this.name(scope, 0)}(${name}) = { ${body} }`;
      }
      case 12:
        return `${this.name(scope, 0)}!?(${this.value(scope, 0)}); ${this.#of(['Nil', '{ Nil | Nil }'])}`;
      case 13:
        return `select { @_ <- @"a" => { ${inner()} } @_ <- @"b" => { ${inner()} } }`;
      default:
        return `bundle${this.#of(['', '+', '-', '0'])}{ ${inner()} }`;
    }
  }
}

/** A source of choices from integers; 0 once they are used up. */
export function choicesFrom(stream: readonly number[]): Choices {
  let index = 0;
  return {
    pick(count: number): number {
      const value = stream[index] ?? 0;
      index += 1;
      return value % count;
    },
  };
}

/** Source text of closed programs. */
export const anyClosedProgram: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.nat({ max: 1000 }), { minLength: 5, maxLength: 120 }), fc.integer({ min: 1, max: 4 }))
  .map(([stream, fuel]) => new Writer(choicesFrom(stream)).process({ names: [], processes: [] }, fuel));
