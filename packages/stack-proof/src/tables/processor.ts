/**
 * The processor: one row for each cycle, with the registers before the instruction and after it.
 *
 * @module
 */
import { column, columns, defineTable, type EveryRowScope, type Table, type Term } from '@commute/stark';
import { GROWTHS } from '../instruction-rows.ts';
import { HALT_IP, STACK_REGISTERS, TICKS } from '../layout.ts';
import { assertArithmetic } from './processor-arithmetic.ts';
import { DECODED, type DecodedCells, decodedTuple } from './fixed.ts';
import { sumOf } from './parts.ts';

const main = {
  time: column('of the cycle: 16 in the first'),
  first: column('1 in the first cycle'),
  last: column('1 in the last cycle'),
  ip: column('address of the instruction'),
  nextIp: column('address of the next one'),
  code: column('the opcode, plus 128 times a count or register'),
  argument: column('an element or address behind the opcode'),
  following: column('whether the next word is odd'),
  stackSize: column('elements on the stack'),
  jumpStackSize: column('calls on the jump stack'),
  inputPosition: column('elements of input that have been read'),
  outputPosition: column('elements that have been written'),
  st: columns(STACK_REGISTERS, 'the top of the stack before the instruction'),
  out: columns(STACK_REGISTERS, 'the top of the stack after it'),
  origin: column('where the call on top of the jump stack returns to'),
  destination: column('where it leads'),
  leaves: column('1 where it is taken off'),
  isZero: column('whether what is tested is zero'),
  inverse: column('of what is tested'),
  coefficient: columns(3, 'what a step of Horner adds'),
  ...DECODED,
} as const;

/** Names of the processor's public values. */
export const PROCESSOR_VALUES = [
  'ipStart',
  'ipEnd',
  'inputStart',
  'inputStop',
  'outputStart',
  'outputStop',
  'exitCode',
] as const;

/** Cells of a row of the processor. */
export type ProcessorCells = DecodedCells &
  Readonly<
    Record<
      | 'time'
      | 'ip'
      | 'nextIp'
      | 'argument'
      | 'following'
      | 'jumpStackSize'
      | 'origin'
      | 'destination'
      | 'leaves'
      | 'isZero'
      | 'inverse',
      Term
    >
  > &
  Readonly<Record<'st' | 'out' | 'coefficient', readonly Term[]>>;

/** The table. */
export const processorTable: Table = /* @__PURE__ */ defineTable({
  name: 'processor',
  columns: { main },
  publicValues: PROCESSOR_VALUES,
  eval: (builder) => {
    const { current: row, next } = builder.main;
    const { publicValues: values, onFirstRow, onTransition, onLastRow } = builder;
    const { st, out, time, argument, index } = row;

    builder.send('program', [row.ip, row.code, argument, row.following]);
    builder.send('instruction', [row.code, ...decodedTuple(row)]);

    // Time, and where the segment begins and ends.
    onFirstRow.assertEqual('time starts at 16', time, TICKS);
    onTransition.assertEqual('time goes on', next.time, time.add(TICKS));
    onFirstRow.assertEqual('the first cycle is first', row.first, 1);
    onTransition.assertZero('no other cycle is first', next.first);
    onLastRow.assertEqual('the last cycle is last', row.last, 1);
    onTransition.assertZero('no other cycle is last', row.last);
    onFirstRow.assertEqual('starts where the segment starts', row.ip, values.ipStart);
    onTransition.assertEqual('goes on at the next instruction', next.ip, row.nextIp);
    onLastRow.assertEqual('ends where the segment ends', row.nextIp, values.ipEnd);
    onLastRow.assertZero('exits with 0', values.exitCode);

    // The stack: registers that are kept, moved by its growth, and how many elements it has.
    for (let register = 0; register < STACK_REGISTERS; register++) {
      const moved = GROWTHS.flatMap((growth, k) => {
        const from = register - growth;
        return from >= 0 && from < STACK_REGISTERS ? [row.growth[k]!.multiply(out[register]!.subtract(st[from]!))] : [];
      });
      builder.when(row.kept[register]!).assertZero(`register ${String(register)} is kept`, sumOf(moved));
      onTransition.assertEqual(`register ${String(register)} goes on`, next.st[register]!, out[register]!);
    }
    const grown = row.stackSize.add(weighted(row.growth, GROWTHS));
    onTransition.assertEqual('the stack grows', next.stackSize, grown);
    const called = row.jumpStackSize.add(row.call).subtract(row.leaves);
    onTransition.assertEqual('the jump stack grows', next.jumpStackSize, called);

    const growing = (growth: (typeof GROWTHS)[number]): Term => row.growth[GROWTHS.indexOf(growth)]!;
    const depth = row.stackSize.subtract(STACK_REGISTERS);
    builder.send('op stack', [1, depth, st[15]!, time], growing(1));
    builder.send('op stack', [0, depth.subtract(1), out[15]!, time], growing(-1));
    const many = [2, 3, 4, 5, 10] as const;
    const more = weighted(many.map(growing), many);
    const less = weighted(
      many.map((count) => growing(-count as (typeof GROWTHS)[number])),
      many,
    );
    const bottom = (registers: readonly Term[]): Term[] => registers.slice(6).reverse();
    builder.send('moves', [1, more, depth, time, ...bottom(st)], sumOf(many.map(growing)));
    builder.send(
      'moves',
      [0, less, depth.subtract(less), time, ...bottom(out)],
      sumOf(many.map((count) => growing(-count as (typeof GROWTHS)[number]))),
    );

    // pick, place, dup, swap.
    const indexed = (registers: readonly Term[]): Term => sumOf(registers.map((each, k) => each.multiply(index[k]!)));
    builder.when(row.take).assertEqual('the register goes to the top', out[0]!, indexed(st));
    builder.when(row.put).assertEqual('the top goes to the register', indexed(out), st[0]!);
    for (let register = 0; register < STACK_REGISTERS; register++) {
      const above = row.kept[register]!.complement();
      if (register > 0) {
        builder
          .when(row.pick)
          .when(above)
          .assertEqual(`register ${String(register - 1)} moves down`, out[register]!, st[register - 1]!);
      }
      if (register < 15) {
        builder
          .when(row.place)
          .when(above.subtract(index[register]!))
          .assertEqual(`register ${String(register + 1)} moves up`, out[register]!, st[register + 1]!);
      }
    }

    assertControl(builder, row);
    assertArithmetic(builder, row);

    // What other tables do.
    const count = weighted(
      index,
      index.map((_, k) => k),
    );
    builder.when(row.readMem).assertEqual('the pointer goes back', out[0]!, st[0]!.subtract(count));
    builder.when(row.writeMem).assertEqual('the pointer goes on', out[0]!, st[0]!.add(count));
    builder.send('bursts', [0, count, out[0]!.add(1), ...out.slice(1, 6), time], row.readMem);
    builder.send('bursts', [1, count, st[0]!, ...st.slice(1, 6), time], row.writeMem);
    const coefficients = row.bHornerStep.add(row.xHornerStep.multiply(3));
    const horner = [0, coefficients, out[5]!.add(1), ...row.coefficient, 0, 0, time];
    builder.send('bursts', horner, row.bHornerStep.add(row.xHornerStep));
    builder.send('u32', [row.code, st[0]!, st[1]!, out[0]!, out[1]!], row.u32);
    builder.send('hash', [row.code, time, ...st.slice(0, 10), ...out.slice(0, 10)], row.hash);

    // Input and output.
    const read = row.inputPosition.add(row.readIo.multiply(count));
    const written = row.outputPosition.add(row.writeIo.multiply(count));
    onFirstRow.assertEqual('reads from where the segment starts', row.inputPosition, values.inputStart);
    onTransition.assertEqual('reads on', next.inputPosition, read);
    onLastRow.assertEqual('reads up to where the segment ends', read, values.inputStop);
    onFirstRow.assertEqual('writes from where the segment starts', row.outputPosition, values.outputStart);
    onTransition.assertEqual('writes on', next.outputPosition, written);
    onLastRow.assertEqual('writes up to where the segment ends', written, values.outputStop);
    builder.send('elements', [0, count, row.inputPosition.add(count).subtract(1), ...out.slice(0, 5)], row.readIo);
    builder.send('elements', [1, count, row.outputPosition, ...st.slice(0, 5)], row.writeIo);

    // Registers are handed over at both ends.
    builder.receive('registers', [0, ...st, row.stackSize, row.jumpStackSize], row.first);
    builder.send('registers', [1, ...out, grown, called], row.last);
  },
});

/** Σ weight·term. */
function weighted(terms: readonly Term[], weights: readonly number[]): Term {
  return sumOf(terms.map((term, k) => term.multiply(weights[k]!)));
}

/** Where the next instruction is, and calls. */
function assertControl(builder: EveryRowScope, row: ProcessorCells): void {
  const { ip, nextIp, st, origin, destination, leaves, isZero } = row;
  const jumps = sumOf([row.skiz, row.call, row.return, row.recurse, row.recurseOrReturn, row.stop]);
  builder.when(jumps.complement()).assertEqual('the next word', nextIp, ip.add(row.size));
  builder.when(row.stop).assertEqual('halts', nextIp, HALT_IP);

  // What is tested: the top, whether it is equal to the element below, and whether to return.
  const tested = row.skiz
    .multiply(st[0]!)
    .add(row.eq.multiply(st[0]!.subtract(st[1]!)))
    .add(row.recurseOrReturn.multiply(st[5]!.subtract(st[6]!)));
  const tests = sumOf([row.skiz, row.eq, row.recurseOrReturn]);
  builder.assertEqual('zero where nothing is left', tested.multiply(row.inverse), tests.subtract(isZero));
  builder.assertZero('zero only where nothing is left', tested.multiply(isZero));

  builder.when(row.skiz).assertEqual('skips', nextIp, ip.add(1).add(isZero.multiply(row.following.add(1))));
  builder.when(row.call).assertEqual('calls', nextIp, row.argument);
  builder.when(row.call).assertEqual('calls where it leads', destination, row.argument);
  builder.when(row.call).assertEqual('calls from where it returns', origin, ip.add(2));
  builder.assertEqual('returns', leaves, row.return.add(row.recurseOrReturn.multiply(isZero)));
  const goesBack = sumOf([row.return, row.recurse, row.recurseOrReturn]);
  const back = destination.add(leaves.multiply(origin.subtract(destination)));
  builder.when(goesBack).assertEqual('goes back', nextIp, back);
  builder.send(
    'jump stack',
    [row.call, leaves, row.jumpStackSize.add(row.call).subtract(1), origin, destination, row.time],
    row.call.add(goesBack),
  );
}
