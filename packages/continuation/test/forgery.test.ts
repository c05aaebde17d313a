import { describe, expect, test } from 'vitest';
import {
  type CellsOf,
  type CheckReport,
  checkTraces,
  column,
  defineTable,
  type PublicMessage,
  type TableTrace,
  type Term,
} from '@commute/stark';
import { MODULUS } from '@commute/field';
import {
  assertLegalKey,
  createProgram,
  type KeyColumns,
  keyColumns,
  type KeyRegion,
  type SegmentRecord,
  SegmentTracer,
} from '../src/index.ts';
import {
  branchInstructions,
  call,
  DATA,
  immediateInstructions,
  image,
  jal,
  jalr,
  li,
  loadInstructions,
  lui,
  multiplyInstructions,
  registerInstructions,
  storeInstructions,
  TEXT,
} from './assemble.ts';
import { complaintsOf, quotient } from './needs.ts';
import { data } from './programs.ts';
import { boundaryMessages, execute, type Run, segmentStatement, shrinkLookups } from './support.ts';

const { addi, xori } = immediateInstructions;
const nop = addi!(0, 0, 0);

/** Names of the constraints and buses that object; empty if nothing does. */
function objections(report: CheckReport): string[] {
  if (report.ok) return [];
  return [...new Set(report.failures.map((failure) => (failure.kind === 'bus' ? failure.bus : failure.constraint)))];
}

function check(traces: readonly TableTrace[], publicMessages: readonly PublicMessage[]): string[] {
  return objections(checkTraces(shrinkLookups(traces), { publicMessages, mostFailures: 1000 }));
}

const start = [...li(1, 0x8000_0005), ...li(2, 7), lui(11, DATA), lui(12, TEXT)];
const exit = call(93, 0);

/**
 * What objects when a prover executes one instruction as if it were another, consistently to the end: registers, memory, claims and all.
 */
function executedAs(stated: number, executed: number, multiply = false): string[] {
  const options = { multiply };
  const honest = createProgram(image([...start, stated, nop, ...exit], data), options);
  const run = execute(image([...start, executed, nop, ...exit], data), options);
  const forger: Run = { ...run, tracer: new SegmentTracer(honest) };
  const segment = run.segments[0]!;
  // Where both have as many rows, the rows of the stated program are those of the executed one.
  const { traces, publicMessages } = segmentStatement(forger, segment);
  return check(traces, publicMessages);
}

describe('a wrong result of', () => {
  const { lb, lh, lw, lbu, lhu } = loadInstructions;
  const { sb, sh, sw } = storeInstructions;
  const { add, sub, sltu, slt, sll, srl, sra, and, or, xor } = registerInstructions;
  const { mul, mulh, mulhsu, mulhu, div, divu, rem, remu } = multiplyInstructions;
  const { beq, bne, blt, bge, bltu, bgeu } = branchInstructions;

  test.for([
    ['add', add!(3, 1, 2), sub!(3, 1, 2)],
    ['sub', sub!(3, 1, 2), add!(3, 1, 2)],
    ['addi', addi!(3, 1, 5), addi!(3, 1, 6)],
    ['lui', lui(3, 0x5000), lui(3, 0x6000)],
    ['sltu', sltu!(3, 1, 2), slt!(3, 1, 2)],
    ['slt', slt!(3, 1, 2), sltu!(3, 1, 2)],
    ['and', and!(3, 1, 2), or!(3, 1, 2)],
    ['or', or!(3, 1, 2), and!(3, 1, 2)],
    ['xor', xor!(3, 1, 2), and!(3, 1, 2)],
    ['xori', xori!(3, 1, 5), xori!(3, 1, 6)],
    ['sll', sll!(3, 1, 2), srl!(3, 1, 2)],
    ['srl', srl!(3, 1, 2), sra!(3, 1, 2)],
    ['sra', sra!(3, 1, 2), srl!(3, 1, 2)],
    ['lb', lb!(3, 11, 0), lbu!(3, 11, 0)],
    ['lbu', lbu!(3, 11, 0), lb!(3, 11, 0)],
    ['lh', lh!(3, 11, 2), lhu!(3, 11, 6)],
    ['lhu', lhu!(3, 11, 6), lh!(3, 11, 6)],
    ['lw', lw!(3, 11, 0), lw!(3, 11, 4)],
    ['lw from text', lw!(3, 12, 0), lw!(3, 12, 4)],
    ['sb', sb!(1, 11, 0), sb!(2, 11, 0)],
    ['sh', sh!(1, 11, 0), sh!(1, 11, 2)],
    ['sw', sw!(1, 11, 0), sw!(1, 11, 4)],
    ['beq', beq!(1, 2, 8), bne!(1, 2, 8)],
    ['bne', bne!(1, 2, 8), beq!(1, 2, 8)],
    ['blt', blt!(1, 2, 8), bge!(1, 2, 8)],
    ['bge', bge!(1, 2, 8), bgeu!(1, 2, 8)],
    ['bltu', bltu!(1, 2, 8), blt!(1, 2, 8)],
    ['bgeu', bgeu!(1, 2, 8), bltu!(1, 2, 8)],
    ['jal, its link', jal(3, 8), jal(4, 8)],
    ['jal, its target', jal(3, 8), jal(3, 4)],
    ['an instruction that is skipped', add!(3, 1, 2), nop],
  ] as const)('%s', ([, stated, executed]) => {
    expect(executedAs(stated, stated)).toEqual([]);
    expect(executedAs(stated, executed)).not.toEqual([]);
  });

  test.for([
    ['mul', mul!(3, 1, 2), mulh!(3, 1, 2)],
    ['mulh', mulh!(3, 1, 2), mulhu!(3, 1, 2)],
    ['mulhsu', mulhsu!(3, 1, 2), mulhu!(3, 1, 2)],
    ['mulhu', mulhu!(3, 1, 2), mulhsu!(3, 1, 2)],
    ['div', div!(3, 1, 2), divu!(3, 1, 2)],
    ['divu', divu!(3, 1, 2), div!(3, 1, 2)],
    ['rem', rem!(3, 1, 2), remu!(3, 1, 2)],
    ['remu', remu!(3, 1, 2), rem!(3, 1, 2)],
  ] as const)('%s', ([, stated, executed]) => {
    expect(executedAs(stated, stated, true)).toEqual([]);
    expect(executedAs(stated, executed, true)).not.toEqual([]);
  });

  test('jalr, its target', () => {
    // Both jumps go over one instruction, from registers that differ.
    const stated = [...li(5, TEXT + 0x34), jalr(6, 5, 0)];
    expect(stated.map((word) => word >>> 0)).toHaveLength(3);
    const run = (words: readonly number[]): Run => execute(image([...start, ...words, nop, nop, nop, ...exit], data));
    const other = run([...li(5, TEXT + 0x30), jalr(6, 5, 0)]);
    const tracer = new SegmentTracer(createProgram(image([...start, ...stated, nop, nop, nop, ...exit], data)));
    const { traces, publicMessages } = segmentStatement({ ...other, tracer }, other.segments[0]!);
    expect(check(traces, publicMessages)).not.toEqual([]);
  });
});

const { lw } = loadInstructions;
const { sw } = storeInstructions;
/** Copies four bytes of input to memory, to a register, and to the output; exits with 3. */
const copier = [
  ...call(63, 0, DATA + 8, 4),
  lui(11, DATA),
  lw!(5, 11, 8),
  sw!(5, 11, 12),
  ...call(64, 1, DATA + 12, 4),
  ...call(93, 3),
];
const input = Uint8Array.of(10, 20, 30, 40);

interface Forged {
  readonly run: Run;
  readonly traces: TableTrace[];
  readonly publicMessages: PublicMessage[];
}

function copy(): Forged {
  const run = execute(image(copier, data), { input });
  return { run, ...segmentStatement(run, run.segments[0]!, input) };
}

/** Changes cells of a table, by the name of the column. */
function tamper(
  traces: readonly TableTrace[],
  name: string,
  change: (cells: Readonly<Record<string, bigint[]>>) => void,
): TableTrace[] {
  return traces.map(({ table, trace }) => {
    if (table.name !== name) return { table, trace };
    const main = trace.main.map((column) => [...column]);
    change(Object.fromEntries(table.names.main.map((each, index) => [each, main[index]!])));
    return { table, trace: { ...trace, main } };
  });
}

const rowOf = (column: readonly bigint[], value: bigint): number => column.indexOf(value);

describe('a statement that is not that of the run', () => {
  test('honest', () => {
    const { traces, publicMessages } = copy();
    expect(check(traces, publicMessages)).toEqual([]);
  });

  test.for([
    ['another byte of input', 'stream', (one: PublicMessage) => ({ ...one, tuple: one.tuple.with(2, 99n) })],
    ['a byte of input at another place', 'stream', (one: PublicMessage) => ({ ...one, tuple: one.tuple.with(1, 9n) })],
    ['another exit code', 'exit', (one: PublicMessage) => ({ ...one, tuple: [4n] })],
  ] as const)('%s', ([, bus, change]) => {
    const { traces, publicMessages } = copy();
    const at = publicMessages.findIndex((message) => message.bus === bus);
    expect(check(traces, publicMessages.with(at, change(publicMessages[at]!)))).toEqual([bus]);
  });

  test('a byte of output that is dropped, and an exit that is concealed', () => {
    const { traces, publicMessages } = copy();
    const isOutput = ({ bus, tuple }: PublicMessage): boolean => bus === 'stream' && tuple[0] === 1n;
    const dropped = publicMessages.findLastIndex(isOutput);
    expect(check(traces, publicMessages.toSpliced(dropped, 1))).toEqual(['stream']);
    expect(
      check(
        traces,
        publicMessages.filter(({ bus }) => bus !== 'exit'),
      ),
    ).toEqual(['exit']);
  });

  test('a value of memory before or after', () => {
    const { traces, publicMessages } = copy();
    publicMessages.forEach((message, at) => {
      if (message.bus !== 'memory') return;
      const changed = { ...message, tuple: message.tuple.with(1, message.tuple[1]! + 1n) };
      expect(check(traces, publicMessages.with(at, changed))).toEqual(['memory']);
    });
  });

  test('a wrong value read from memory, kept up to the end', () => {
    const { run } = copy();
    const [honest] = run.segments;
    const forge = (list: Uint32Array): Uint32Array =>
      list.map((value) => (value === 0x281e_140a ? 0x281e_140b : value));
    const segment: SegmentRecord = {
      ...honest!,
      result: forge(honest!.result),
      right: forge(honest!.right),
      before: forge(honest!.before),
      touched: { ...honest!.touched, after: forge(honest!.touched.after) },
    };
    const traces = run.tracer.traces(segment, input.length);
    const { publicMessages } = segmentStatement(run, honest!, input);
    const boundary = boundaryMessages(segment);
    const others = publicMessages.filter(({ bus }) => bus !== 'memory');
    expect(check(traces, [...others, ...boundary])).not.toEqual([]);
  });

  test('another first or last pc', () => {
    const { traces, publicMessages } = copy();
    for (const [index, objection] of [
      [0, 'the first pc is as claimed'],
      [1, 'the pc after the last row is as claimed'],
    ] as const) {
      const [processor, ...others] = traces;
      const publicValues = processor!.trace.publicValues.with(index, 4096n);
      const changed = { ...processor!, trace: { ...processor!.trace, publicValues } };
      expect(check([changed, ...others], publicMessages)).toEqual([objection]);
    }
  });
});

describe('mistakes that others have made', () => {
  test('a row that is not used, and does something', () => {
    const { traces, publicMessages } = copy();
    for (const { table, trace } of traces) {
      if (table.name === 'processor' || trace.preprocessed.length > 0) continue;
      const last = trace.rows - 1;
      const isIdle = trace.main.every((column) => column[last] === 0n);
      if (!isIdle) continue;
      for (const name of table.names.main) {
        const changed = tamper(traces, table.name, (cells) => {
          cells[name]![last] = 1n;
        });
        expect(check(changed, publicMessages), `${table.name}.${name}`).not.toEqual([]);
      }
    }
  });

  test('a selector of no instruction', () => {
    const { traces, publicMessages } = copy();
    for (const name of ['sign', 'isAddition', 'isLess', 'isEqual', 'isJump', 'branch', 'operation']) {
      for (const value of [2n, 3n, 2n ** 63n]) {
        const changed = tamper(traces, 'processor', (cells) => {
          cells[name]![5] = value;
        });
        expect(check(changed, publicMessages), name).toContain('program');
      }
    }
  });

  test('a store that passes for a load, and a load that passes for a store', () => {
    const { traces, publicMessages } = copy();
    for (const [from, to] of [
      ['store', 'load'],
      ['load', 'store'],
    ] as const) {
      const changed = tamper(traces, 'word access', (cells) => {
        const row = rowOf(cells[from]!, 1n);
        cells[from]![row] = 0n;
        cells[to]![row] = 1n;
        [cells['loaded']![row], cells['stored']![row]] = [cells['stored']![row]!, cells['loaded']![row]!];
      });
      expect(check(changed, publicMessages)).toContain('operation');
    }
  });

  test('instructions in another order, each at its own time', () => {
    const words = [addi!(3, 0, 1), addi!(4, 0, 2), addi!(5, 0, 3), ...exit];
    const run = execute(image(words, data));
    const { traces, publicMessages } = segmentStatement(run, run.segments[0]!);
    expect(check(traces, publicMessages)).toEqual([]);
    // The second and the third exchanged, as far as they are no part of time.
    const changed = tamper(traces, 'processor', (cells) => {
      for (const [name, column] of Object.entries(cells)) {
        if (/time|gap/i.test(name)) continue;
        [column[1], column[2]] = [column[2]!, column[1]!];
      }
    });
    expect(check(changed, publicMessages)).toContain('the pc follows from the row before');
  });

  test('a time that starts elsewhere, or stands still', () => {
    const { traces, publicMessages } = copy();
    const later = tamper(traces, 'processor', (cells) => {
      cells['time']!.forEach((time, row) => {
        cells['time']![row] = time + 4n;
      });
    });
    expect(check(later, publicMessages)).toContain('time starts at 1');
    const still = tamper(traces, 'processor', (cells) => {
      cells['time']![7] = cells['time']![6]!;
    });
    expect(check(still, publicMessages)).toContain('a cycle takes four ticks');
  });

  test('a cell that there is not: program text, the control page, streams, addresses between words', () => {
    const { regions } = createProgram(image(copier, data));
    const names = ['key', 'active', ...Object.keys(keyColumns())];
    const table = defineTable({
      name: 'touched',
      columns: { main: Object.fromEntries(names.map((name) => [name, column()])) },
      eval: (builder) => {
        const { current } = builder.main;
        assertLegalKey(builder, current as CellsOf<KeyColumns, Term>, current['key']!, current['active']!);
      },
    });
    /** What objects to a key in a region, with the index and the rest that the key asks for. */
    const objectionsTo = (key: number, { start, stride, count }: KeyRegion): string[] => {
      const index = quotient(BigInt(key - start), BigInt(stride));
      const rest = (BigInt(count - 1) - index + MODULUS) % MODULUS;
      const cells = [BigInt(key), 1n, BigInt(start), BigInt(stride), BigInt(count), index % 65536n, index / 65536n];
      const current = [...cells, rest % 65536n];
      return complaintsOf(table, { current, next: current }, []);
    };
    const isAccepted = (key: number): boolean => regions.some((region) => objectionsTo(key, region).length === 0);
    const legal = [0, DATA, DATA + 4, 0xff00_1000, 0xffff_fffc, 2 ** 32, 2 ** 32 + 36];
    expect(legal.map(isAccepted)).toEqual(legal.map(() => true));
    const end = TEXT + 4 * copier.length;
    const text = [TEXT, TEXT + 4, end - 4];
    const illegal = [
      ...text,
      0xff00_0000,
      0xff00_0ffc,
      0xc000_0000,
      0xdfff_fffc,
      DATA + 1,
      DATA + 2,
      2 ** 32 + 37,
      2 ** 40,
    ];
    expect(illegal.map(isAccepted)).toEqual(illegal.map(() => false));
    expect(isAccepted(end)).toBe(true);
  });
});
