import fc from 'fast-check';

/** Takes choices from a stream of numbers, again and again. */
function chooser(stream: readonly number[]): (options: number) => number {
  let at = 0;
  return (options) => {
    const value = stream[at % stream.length]! + Math.floor(at / stream.length);
    at += 1;
    return value % options;
  };
}

/** Contracts on private names that call each other, wait for answers, and compete for what is public; and clients of theirs. */
export const callProgram: fc.Arbitrary<string> = fc
  .array(fc.nat({ max: 999 }), { minLength: 8, maxLength: 40 })
  .map((stream) => {
    const pick = chooser(stream);
    const of = <T>(options: readonly T[]): T => options[pick(options.length)]!;
    const contracts = ['c0', 'c1', 'c2'];
    const body = (): string =>
      of([
        () => 'r!(n)',
        () => `${of(contracts)}!(n, *r)`,
        () => `new k in { ${of(contracts)}!(n, *k) | for (@m <- k) { r!(m) } }`,
        () => `new k in { k!(n) | for (@m <- k) { r!(m) | @"log"!(m) } }`,
        () => '@"shared"!(n) | r!(n)',
        () => 'for (@m <- @"shared") { r!(m) }',
        () => 'cell!(n) | for (@m <- cell) { r!(m) }',
        () => `r!(${of(['1 / n', 'n'])})`,
        () => `@"open"!(*${of(contracts)}) | r!(n)`,
        () => `if (n == 0) { ${of(contracts)}!(1, *r) } else { r!(n) }`,
      ])();
    const client = (): string =>
      `new r in { ${of(contracts)}!(${of(['0', '1'])}, *r) | for (@x <- r) { ${of([
        'Nil',
        '@"out"!(x)',
        'for (_ <- @"shared") { @"out"!(x) }',
        'for (c <- @"open") { c!(x, *r) }',
        'cell!(x)',
      ])} } }`;
    const parts = contracts.map((name) => `contract ${name}(@n, r) = { ${body()} }`);
    for (let count = 1 + pick(3); count > 0; count -= 1) parts.push(client());
    if (pick(3) === 0) parts.push('@"shared"!(7)');
    return `new c0, c1, c2, cell in { ${parts.join(' | ')} }`;
  });

/**
 * Small closed programs with few names: sends, receives, joins, peeks, guards, repeated receives and messages that stay. Patterns match in one
 * way at most, and what repeated receives send stays on a channel of its own, so that most programs have few states.
 */
export const smallProgram: fc.Arbitrary<string> = fc
  .array(fc.nat({ max: 999 }), { minLength: 8, maxLength: 60 })
  .map((stream) => {
    const pick = chooser(stream);
    let count = 0;
    const of = <T>(options: readonly T[]): T => options[pick(options.length)]!;
    const process = (names: readonly string[], values: readonly string[], fuel: number): string => {
      const name = (): string => of([...names, '@"a"']);
      const value = (): string => of([...values, ...names.map((one) => `*${one}`), '0', '1', '[1, 2]', '1 / 1']);
      const inner = (more: readonly string[] = [], received: readonly string[] = []): string =>
        process([...names, ...received], [...values, ...more], fuel - 1);
      const fresh = (): string => {
        count += 1;
        return `v${String(count)}`;
      };
      if (fuel <= 0) return of(['Nil', `${name()}!(${value()})`, `${name()}!(${value()})`]);
      switch (pick(13)) {
        case 0:
        case 1:
          return `${inner()} | ${inner()}`;
        case 2:
        case 3:
        case 4:
          return `${name()}!(${value()})`;
        case 5:
        case 6: {
          const variable = fresh();
          return `for (@${variable} ${of(['<-', '<-', '<<-'])} ${name()}) { ${inner([variable])} }`;
        }
        case 7: {
          const variable = fresh();
          const one = name();
          const other = of(['@"c"', '@"a"', '@"b"']);
          if (one === other) return inner();
          return `for (@${variable} <- ${one} & @_ <- ${other}) { ${inner([variable])} } | ${other}!(${value()})`;
        }
        case 8: {
          const variable = fresh();
          return `for (@${variable} <- ${name()} where ${variable} == ${of(['0', '1'])}) { ${inner([variable])} }`;
        }
        case 9: {
          const variable = fresh();
          return `for (@${variable} <= ${name()}) { @"log"!(${of([variable, '0'])}) }`;
        }
        case 10:
          return `${name()}!!(${of(['0', '1'])})`;
        case 11: {
          const variable = fresh();
          return `new ${variable} in { ${process([...names, variable], values, fuel - 1)} }`;
        }
        default: {
          const variable = fresh();
          return `for (${variable} <- ${name()}) { @{*${variable}}!(${of(['0', '1 / 0'])}) | ${inner([], [variable])} }`;
        }
      }
    };
    const parts = Array.from({ length: 4 + pick(4) }, () => process(['x', 'y'], [], 1 + pick(2)));
    return `new x, y in { ${parts.join(' | ')} }`;
  });
