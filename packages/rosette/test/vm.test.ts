import { createRuntime, type Runtime, type Term } from '@commute/rholang';
import { anyClosedProgram, engineConformance, outcomeOf } from '@commute/rholang/conformance';
import { createMemoryKeyValue, RhoSpace } from '@commute/rho-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, createVm } from '../src/index.ts';
import { anyLoopProgram } from './loop-program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 120);

engineConformance({ name: 'reducer', create: (space) => createRuntime({ space }), runs: 3 });
engineConformance({ name: 'machine', create: (space) => createVm({ space, compileAt: 1 }), runs: numRuns });
engineConformance({
  name: 'machine without optimiser',
  create: (space) => createVm({ space, passes: [], compileAt: 1 }),
  runs: numRuns,
});

describe('the machine', () => {
  test('does the same whenever it begins to compile what arrives', () => {
    fc.assert(
      fc.property(fc.array(anyClosedProgram, { minLength: 1, maxLength: 3 }), fc.nat({ max: 4 }), (sources, at) => {
        const expected = outcomeOf(sources, (space) => createRuntime({ space }));
        for (const lazy of [false, true])
          expect(outcomeOf(sources, (space) => createVm({ space, compileAt: at + 1, lazy }))).toEqual(expected);
      }),
      { numRuns },
    );
  });

  /** Runs blocks of programs on a store, with a fresh runtime and so without code for each block. */
  function storeOutcome(blocks: readonly (readonly string[])[], create: (space: RhoSpace) => Runtime): unknown[] {
    const keyValue = createMemoryKeyValue();
    const first = new RhoSpace(keyValue);
    first.commit();
    return blocks.map((sources, block) => {
      const space = new RhoSpace(keyValue);
      const runtime = create(space);
      const results = sources.map((source, index) => {
        const { ok, comms, output } = runtime.run(source, { seed: Uint8Array.of(block, index), maximumComms: 100 });
        return { ok, comms, output };
      });
      const { root, log } = space.commit();
      return { results, root, log };
    });
  }

  test('leaves the same roots, histories and logs in a store, also where code is made of what the store kept', () => {
    const anyBlocks = fc.array(fc.array(fc.oneof(anyClosedProgram, anyLoopProgram), { minLength: 1, maxLength: 2 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        const machine = storeOutcome(blocks, (space) => createVm({ space, compileAt: 1 }));
        expect(machine).toEqual(storeOutcome(blocks, (space) => createRuntime({ space })));
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });

  test('replays what the reducer logged, and the reducer what the machine logged', () => {
    const source =
      'new a in { a!(1) | for (@x <- a) { @"b"!(x + 1) } } | contract @"b"(@x) = { if (x > 0) { @"b"!(x - 1) } }';
    const seed = new Uint8Array([1]);
    const makers = [(space: RhoSpace) => createRuntime({ space }), (space: RhoSpace) => createVm({ space })];
    for (const [one, other] of [makers, makers.toReversed()] as const) {
      const space = new RhoSpace(createMemoryKeyValue());
      one!(space).run(source, { seed });
      const { log, root } = space.commit();
      const copy = new RhoSpace(createMemoryKeyValue());
      const result = copy.replay(log, () => void other!(copy).run(source, { seed }));
      expect(result).toEqual({ ok: true, comms: 4 });
      expect(copy.commit().root).toEqual(root);
    }
  });

  test('finds the code of an actor that waited in memory while another program ran', () => {
    const vm = createVm({ compileAt: 1 });
    const seed = (index: number): Uint8Array => new Uint8Array([index]);
    vm.run('contract @"add"(@x, @y, r) = { r!(x + y) }', { seed: seed(1) });
    const call = 'new out(`rho:io:stdout`), r in { @"add"!(40, 2, *r) | for (@x <- r) { out!(x) } }';
    expect(vm.run(call, { seed: seed(2) })).toMatchObject({ ok: true, comms: 3, output: [{ text: '42' }] });
  });

  test('walks what is out of proportion', () => {
    const names = Array.from({ length: 1100 }, (_, index) => `n${String(index)}`);
    const actors = names.map((name) => `for (@x <- ${name}) { n0!(x) } | ${name}!(1)`).join(' | ');
    const source = `new ${names.join(', ')} in { ${actors} }`;
    expect(compile(source)).toMatchObject({ ok: false, diagnostics: [] });
    expect(outcomeOf([source], (space) => createVm({ space, compileAt: 1 }), { maximumComms: 5000 })).toEqual(
      outcomeOf([source], (space) => createRuntime({ space }), { maximumComms: 5000 }),
    );
  });

  test('takes terms, and reports what is wrong with a source as the reducer does', () => {
    const vm = createVm();
    const term = (vm: Runtime, program: string | Term): unknown =>
      vm.run(program, { seed: new Uint8Array(1), file: 'f.rho' });
    for (const source of ['x!(', 'x!(1)', '@1!(1 / 0)'])
      expect(term(vm, source)).toEqual(term(createRuntime(), source));
  });
});
