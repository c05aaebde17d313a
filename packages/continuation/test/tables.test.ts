import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTraces, formatReport } from '@commute/stark';
import { parseElf } from '@commute/elf';
import { guestCasesOf, readGuest } from '@commute-tools/guests';
import { type CodeImage, createExecutor, createProgram, segmentMessages, SegmentTracer } from '../src/index.ts';
import { program, runs } from './arbitraries.ts';
import { image } from './assemble.ts';
import { data, everyHostCall, everyInstruction, everyProduct } from './programs.ts';
import { boundaryMessages, execute, segmentStatement, shrinkLookups } from './support.ts';

const none = new Uint8Array(0);

/** What is wrong with the traces of all segments; nothing, if all is well. */
function complaints(
  program: CodeImage,
  input: Uint8Array,
  logCycles: number,
  most = Infinity,
  multiply = false,
): string {
  const run = execute(program, { input, logCycles, multiply });
  return run.segments
    .slice(-most)
    .map((segment) => {
      const { traces, publicMessages } = segmentStatement(run, segment, input);
      return formatReport(checkTraces(shrinkLookups(traces), { publicMessages }));
    })
    .join('\n');
}

describe('the traces of honest runs are accepted', () => {
  test.for([1, 3, 5, 8])('every instruction, in segments of 2^%i cycles', (logCycles) => {
    expect(complaints(image(everyInstruction(), data), none, logCycles).trim()).toBe('');
  });

  test.for([3, 8])('every host call, in segments of 2^%i cycles', (logCycles) => {
    const input = Uint8Array.from({ length: 19 }, (_, index) => 240 + index);
    expect(complaints(image(everyHostCall(true), data), input, logCycles).trim()).toBe('');
  });

  test.for([4, 8])('every product and quotient, in segments of 2^%i cycles', (logCycles) => {
    expect(complaints(image(everyProduct()), none, logCycles, Infinity, true).trim()).toBe('');
  });

  test.for(['hello', 'echo', 'sha256', 'sort', 'wordcount', 'sieve'] as const)('the last segment of %s', (name) => {
    const [one] = guestCasesOf(name).slice(-1);
    const parsed = parseElf(readGuest(name, 'micro'));
    if (!parsed.ok) throw new Error(parsed.reason);
    const small = guestCasesOf(name).find(({ input }) => input.length > 0 && input.length < 600) ?? one!;
    expect(complaints(parsed.elf, small.input, 10, 1).trim()).toBe('');
  });

  test.for([false, true])(
    'filled up with idle rows and cycles to the heights of another segment, products %s',
    (multiply) => {
      const words = multiply ? everyProduct() : everyInstruction();
      const program = createProgram(image(words, data), { multiply, misaligned: true });
      const tracer = new SegmentTracer(program);
      const executor = createExecutor(program, { equalSegments: true });
      const segments = [];
      while (!executor.halted) {
        const outcome = executor.next(6);
        if (!outcome.ok) throw new Error(outcome.message);
        segments.push(outcome.segment);
      }
      expect(segments.map(({ claim }) => claim.logCycles)).toEqual(segments.map(() => 6));
      expect(segments.at(-1)!.executed).toBeLessThan(64);
      const needed = segments.map((segment) => tracer.logRows(segment));
      segments.forEach((segment, index) => {
        const traces = tracer.traces(segment, 0);
        expect(traces.map(({ trace }) => Math.log2(trace.rows))).toEqual(needed[index]);
      });
      // More than any of them needs, where the height is not fixed.
      const most = tracer.tables.map(({ names }, table) => {
        const rows = Math.max(...needed.map((logRows) => logRows[table]!));
        return table === 0 || names.preprocessed.length > 0 ? rows : rows + 1;
      });
      for (const segment of [segments[0]!, segments.at(-1)!]) {
        const traces = tracer.traces(segment, 0, tracer.counts(), most);
        expect(traces.map(({ trace }) => Math.log2(trace.rows))).toEqual(most);
        const publicMessages = [...segmentMessages(segment.claim, none, none), ...boundaryMessages(segment)];
        expect(formatReport(checkTraces(shrinkLookups(traces), { publicMessages }))).toBe('');
      }
    },
  );

  test('random programs of RV32IM', () => {
    let cycles = 0;
    fc.assert(
      fc.property(program, fc.uint8Array({ maxLength: 12 }), (words, input) => {
        const source = createProgram(image(words, data), { multiply: true });
        const tracer = new SegmentTracer(source);
        const executor = createExecutor(source, { input });
        while (!executor.halted && executor.cycles < 200) {
          const outcome = executor.next(5);
          if (!outcome.ok) return;
          cycles += outcome.segment.executed;
          const run = { tracer, executor, segments: [outcome.segment] };
          const { traces, publicMessages } = segmentStatement(run, outcome.segment, input);
          expect(formatReport(checkTraces(shrinkLookups(traces), { publicMessages }))).toBe('');
        }
      }),
      { numRuns: runs(40) },
    );
    expect(cycles).toBeGreaterThan(500);
  });
});
