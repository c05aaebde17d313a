import fc from 'fast-check';

/**
 * Small closed programs with few names: sends, receives, joins, peeks, guards, repeated receives and messages that stay. Patterns match in one
 * way at most, and what repeated receives send stays on a channel of its own, so that most programs have few states.
 */
export const smallProgram: fc.Arbitrary<string> = fc
  .array(fc.nat({ max: 999 }), { minLength: 8, maxLength: 60 })
  .map((stream) => {
    let at = 0;
    let count = 0;
    const pick = (options: number): number => {
      const value = stream[at % stream.length]! + Math.floor(at / stream.length);
      at += 1;
      return value % options;
    };
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
