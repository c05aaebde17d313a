import fc from 'fast-check';

const name = fc.constantFrom('@"a"', '@"b"', '@"c"');
const value = fc.constantFrom('0', '1', '"x"', '(1, 2)', '[1, [2]]');
const arrow = fc.constantFrom('<-', '<-', '<-', '<<-', '<=');
const bang = fc.constantFrom('!', '!', '!', '!!');

/** Text of a Rholang process with few channels, so that much meets. What it does is bounded by nothing but the limit on reductions. */
export const anyProgram: fc.Arbitrary<string> = fc.letrec<{ process: string }>((tie) => ({
  process: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(name, bang, value).map(([to, send, data]) => `${to}${send}(${data})`),
    fc.tuple(name, value).map(([to, data]) => `new n in { n!(${data}) | for (@m <- n) { ${to}!(m) } }`),
    fc.tuple(name, name).map(([to, other]) => `new n in { ${to}!(*n) | ${other}!(*n, 1) }`),
    fc.tuple(name, arrow, tie('process')).map(([from, receive, body]) => `for (@x ${receive} ${from}) { ${body} }`),
    fc
      .tuple(
        fc.shuffledSubarray(['@"a"', '@"b"', '@"c"'], { minLength: 2, maxLength: 2 }),
        fc.constantFrom('<-', '<<-'),
        tie('process'),
      )
      .map(([[one, two], receive, body]) => `for (@x <- ${one!} & @y ${receive} ${two!}) { ${body} | @"c"!(x) }`),
    fc.tuple(name, value, tie('process')).map(([from, data, body]) => `for (@${data} <- ${from}) { ${body} }`),
    fc.tuple(name, tie('process')).map(([from, body]) => `for (@x, @y <- ${from}) { @x!(y) | ${body} }`),
    fc.tuple(tie('process'), tie('process')).map(([left, right]) => `${left} | ${right}`),
  ),
})).process;
