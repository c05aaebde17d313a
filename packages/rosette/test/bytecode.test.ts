import {
  createRuntime,
  equalTerms,
  MemorySpace,
  RuntimeArgumentError,
  type Runtime,
  type TupleSpace,
} from '@commute/rholang';
import { anyClosedProgram, CONSTRUCTS, outcomeOf } from '@commute/rholang/conformance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compile,
  createVm,
  decodeBytecode,
  disassemble,
  encodeBytecode,
  PASS_NAMES,
  verifyBytecode,
  type BytecodeProgram,
  type CompileOptions,
} from '../src/index.ts';
import { anyLoopProgram } from './loop-program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 300);

function bytecodeOf(source: string, options: CompileOptions = {}): BytecodeProgram {
  const result = compile(source, options);
  if (!result.ok) throw new Error(result.message);
  return result.bytecode;
}

const anyProgram = fc.oneof(anyClosedProgram, anyLoopProgram);
const anyPasses = fc.subarray([...PASS_NAMES]);

/** A runtime that sends every program through bytes. */
function throughBytes(space: TupleSpace): Runtime {
  const vm = createVm({ space, compileAt: 1 });
  return {
    space,
    run: (program, options) => {
      const result = compile(program);
      if (!result.ok) return vm.run(program, options);
      const decoded = verifyBytecode(encodeBytecode(result.bytecode));
      if (!decoded.ok) throw new Error(decoded.reason);
      return vm.runBytecode(decoded.program, options);
    },
  };
}

const reducer = (space: TupleSpace): Runtime => createRuntime({ space });

describe('bytecode', () => {
  test('golden bytes', () => {
    const program = bytecodeOf('new a in { a!(1) | for (@x <- a) { @"b"!(x + 2 * 3) } }');
    expect(Buffer.from(encodeBytecode(program)).toString('hex')).toMatchSnapshot();
    expect(disassemble(program)).toMatchSnapshot();
  });

  test('comes back from its bytes and is what the compiler makes', () => {
    fc.assert(
      fc.property(anyProgram, anyPasses, (source, passes) => {
        const program = bytecodeOf(source, { passes });
        const bytes = encodeBytecode(program);
        const decoded = decodeBytecode(bytes);
        if (!decoded.ok) throw new Error(decoded.reason);
        expect(equalTerms(decoded.program.term, program.term)).toBe(true);
        expect(encodeBytecode(decoded.program)).toEqual(bytes);
        expect(disassemble(decoded.program)).toBe(disassemble(program));
        expect(verifyBytecode(bytes).ok).toBe(true);
      }),
      { numRuns },
    );
  });

  test('runs from its bytes as the reducer runs its source', () => {
    fc.assert(
      fc.property(anyProgram, (source) => {
        expect(outcomeOf([source], throughBytes)).toEqual(outcomeOf([source], reducer));
      }),
      { numRuns },
    );
  });

  test('of each construct lists every instruction', () => {
    for (const [, source] of CONSTRUCTS) {
      const listing = disassemble(bytecodeOf(`new out(\`rho:io:stdout\`) in { ${source} }`));
      expect(listing).not.toContain('not an instruction');
    }
  });
});

describe('bytes that are no bytecode', () => {
  const good = encodeBytecode(
    bytecodeOf('new a in { for (@x, @[y ...z] <- a where x > y) { match x { =y => { a!(z) } _ => { x } } } }'),
  );

  test.for([
    ['not-bytecode', new Uint8Array(0)],
    ['not-bytecode', good.subarray(1)],
    ['unknown-version', good.with(4, 2)],
    ['truncated', good.subarray(0, good.length - 1)],
    ['trailing', Uint8Array.from([...good, 0])],
    ['malformed', good.with(5, 0xff)],
    ['bad-term', good.with(7, 0xff)],
  ] as const)('%s', ([reason, bytes]) => {
    const result = decodeBytecode(bytes);
    expect(result.ok ? 'ok' : result.reason).toBe(reason);
  });

  test('huge numbers anywhere make nothing of their size', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x07];
    for (let at = 5; at < good.length; at += 1) {
      const bytes = Uint8Array.from([...good.subarray(0, at), ...huge, ...good.subarray(at + 1)]);
      const result = decodeBytecode(bytes);
      if (result.ok) expect(encodeBytecode(result.program)).toEqual(bytes);
    }
  });

  test('many references to one large pattern take time in proportion to the bytes', () => {
    const wide = `[${Array.from({ length: 20_000 }, () => '_').join(', ')}]`;
    const cases = Array.from({ length: 5000 }, (_, index) => `[${String(index)}, _] => { Nil }`).join(' ');
    const bytes = encodeBytecode(bytecodeOf(`for (@${wide} <- @1) { Nil } | match [1] { ${cases} }`, { passes: [] }));
    expect(decodeBytecode(bytes).ok).toBe(true);
  });

  test('damaged anywhere they never throw, run without harm if they are accepted, and are not verified unless only places changed', () => {
    const anyDamage = fc.record({
      at: fc.nat(),
      byte: fc.nat({ max: 255 }),
      kind: fc.constantFrom('set', 'insert', 'delete', 'cut'),
    });
    fc.assert(
      fc.property(anyProgram, fc.array(anyDamage, { minLength: 1, maxLength: 4 }), (source, damages) => {
        const program = bytecodeOf(source);
        let bytes = encodeBytecode(program);
        for (const { at, byte, kind } of damages) {
          if (bytes.length === 0) break;
          const place = at % bytes.length;
          if (kind === 'set') bytes = bytes.with(place, byte);
          else if (kind === 'cut') bytes = bytes.slice(0, place + 1);
          else {
            const after = bytes.subarray(kind === 'delete' ? place + 1 : place);
            bytes = Uint8Array.from([...bytes.subarray(0, place), ...(kind === 'insert' ? [byte] : []), ...after]);
          }
        }
        const decoded = decodeBytecode(bytes);
        const verified = verifyBytecode(bytes);
        if (!decoded.ok) {
          expect(verified.ok).toBe(false);
          return;
        }
        if (verified.ok) expect(encodeBytecode(verified.program)).toEqual(bytes);
        disassemble(decoded.program);
        const space = new MemorySpace();
        createVm({ space, compileAt: 1 }).runBytecode(decoded.program, { seed: new Uint8Array(1), maximumComms: 50 });
        space.root();
      }),
      { numRuns: numRuns * 4 },
    );
  });

  test('a program that is forged to do something else is not verified', () => {
    const program = bytecodeOf('@"a"!(1)');
    const forged = { ...program, constants: [...program.constants, bytecodeOf('@2!(Nil)').term] };
    expect(verifyBytecode(encodeBytecode(forged))).toEqual({ ok: false, reason: 'other-code' });
    const honest = bytecodeOf('@"a"!(2)');
    const other = { ...honest, procedures: program.procedures };
    expect(verifyBytecode(encodeBytecode({ ...honest, term: program.term }))).toMatchObject({ ok: true });
    expect(verifyBytecode(encodeBytecode({ ...other, texts: ['\x01'] }))).toEqual({ ok: false, reason: 'other-code' });
  });
});

test('the machine refuses an open term as the reducer does', () => {
  const open = bytecodeOf('for (@x <- @1) { @2!(x) }').term;
  if (open.kind !== 'receive') throw new Error('not a receive');
  expect(() => createVm().run(open.body, { seed: new Uint8Array(1) })).toThrow(RuntimeArgumentError);
});
